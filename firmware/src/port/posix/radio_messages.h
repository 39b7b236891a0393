#pragma once

#include <istream>

#include "port/posix/simulated_radio.h"

namespace pb::posix {

/// Reads a message about the radio, after its first word `radio` (docs/virtual-board.md).
/// @return false, with `change` undefined, for another text
bool parse_radio_message(std::istream& words, RadioChange& change);

}  // namespace pb::posix
