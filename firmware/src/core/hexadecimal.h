#pragma once

#include "core/text.h"

namespace pb {

/// Returns whether the text has only hexadecimal digits.
inline bool is_hexadecimal(Text text) {
  for (size_t i = 0; i < text.length; ++i) {
    const char c = text.data[i];
    const bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (!is_digit) return false;
  }
  return true;
}

}  // namespace pb
