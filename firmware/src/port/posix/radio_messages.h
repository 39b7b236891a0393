#pragma once

#include <istream>

#include "port/posix/board_link.h"

namespace pb::posix {

/// Reads a message about the radio behind its first word, `radio` (docs/virtual-board.md). @return empty for another
RadioChange parse_radio_message(std::istream& words);

}  // namespace pb::posix
