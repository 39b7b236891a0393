#pragma once

#include "port/system.h"

namespace pb::posix {

/// The exit code by which the device reports the reason of a restart to the board.
constexpr int exit_code_of(ResetReason reason) { return 0x40 + static_cast<int>(reason); }

}  // namespace pb::posix
