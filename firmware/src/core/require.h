#pragma once

namespace pb {

/// Stops the program if a rule of its construction does not hold, such as the number of registered features. The start
/// of any build shows such an error, so no device is delivered with it.
inline void require(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace pb
