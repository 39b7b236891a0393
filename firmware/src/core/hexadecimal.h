#pragma once

#include "core/text.h"

namespace pb {

/// Returns the value of a hexadecimal digit, or -1.
inline int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Returns whether the text has only hexadecimal digits.
inline bool is_hexadecimal(Text text) {
  for (size_t i = 0; i < text.length; ++i) {
    if (hex_digit(text.data[i]) < 0) return false;
  }
  return true;
}

/// Decodes pairs of hexadecimal digits. @param into has room for half of the digits  @return the number of bytes
inline size_t decode_hexadecimal(Text digits, uint8_t* into) {
  for (size_t i = 0; i < digits.length / 2; ++i) {
    into[i] = static_cast<uint8_t>(hex_digit(digits.data[2 * i]) << 4 | hex_digit(digits.data[2 * i + 1]));
  }
  return digits.length / 2;
}

}  // namespace pb
