#pragma once

#include "core/span.h"

namespace pb {

/// Validates UTF-8 (RFC 3629) byte by byte, so a text may be split anywhere. Overlong forms, surrogates and code points
/// above U+10FFFF are rejected at the first byte that cannot belong to a valid text.
class Utf8Validator {
 public:
  /// @return false as soon as the bytes cannot begin a valid text, and from then on until reset().
  bool feed(uint8_t byte);
  bool feed(Bytes bytes);
  /// Returns true between characters, where the text may end.
  bool complete() const { return valid_ && expected_ == 0; }
  void reset() { *this = Utf8Validator(); }

 private:
  bool valid_ = true;
  uint8_t expected_ = 0;  // continuation bytes still to come
  uint8_t low_ = 0x80;    // range of the next continuation byte: narrower after E0, ED, F0, F4
  uint8_t high_ = 0xbf;
};

bool is_utf8(Bytes bytes);

/// Halves of a UTF-16 pair (RFC 2781), as JSON escapes write characters above U+FFFF.
constexpr bool is_high_surrogate(uint32_t unit) { return unit >= 0xd800 && unit <= 0xdbff; }
constexpr bool is_low_surrogate(uint32_t unit) { return unit >= 0xdc00 && unit <= 0xdfff; }
constexpr uint32_t join_surrogates(uint32_t high, uint32_t low) {
  return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/// Encodes a Unicode scalar value. @return the number of bytes used.
size_t encode_utf8(uint32_t code_point, uint8_t (&into)[4]);

}  // namespace pb
