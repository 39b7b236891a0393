#pragma once

#include "core/span.h"

namespace pb {

/// Compares in a time that depends on the length only, so that an attacker cannot guess a secret byte by byte.
inline bool equal_in_constant_time(Bytes a, Bytes b) {
  if (a.length != b.length) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < a.length; ++i) difference |= static_cast<unsigned>(a.data[i] ^ b.data[i]);
  return difference == 0;
}

}  // namespace pb
