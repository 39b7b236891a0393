#pragma once

namespace pb {

/// Stops the program if it breaks a rule of its construction, such as the limit of registered features. Every start
/// checks these rules, so a build that breaks one cannot start, and is not delivered.
inline void require(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace pb
