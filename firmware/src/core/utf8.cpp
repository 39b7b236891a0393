#include "core/utf8.h"

namespace pb {

bool Utf8Validator::feed(uint8_t byte) {
  if (!valid_) return false;
  if (expected_ > 0) {
    valid_ = byte >= low_ && byte <= high_;
    --expected_;
    low_ = 0x80;
    high_ = 0xbf;
    return valid_;
  }
  if (byte < 0x80) return true;
  if (byte >= 0xc2 && byte <= 0xdf) {
    expected_ = 1;
  } else if ((byte & 0xf0) == 0xe0) {
    expected_ = 2;
    if (byte == 0xe0) low_ = 0xa0;   // below: overlong
    if (byte == 0xed) high_ = 0x9f;  // above: surrogates
  } else if (byte >= 0xf0 && byte <= 0xf4) {
    expected_ = 3;
    if (byte == 0xf0) low_ = 0x90;   // below: overlong
    if (byte == 0xf4) high_ = 0x8f;  // above: past U+10FFFF
  } else {
    valid_ = false;
  }
  return valid_;
}

bool Utf8Validator::feed(Bytes bytes) {
  for (uint8_t byte : bytes) {
    if (!feed(byte)) return false;
  }
  return valid_;
}

bool is_utf8(Bytes bytes) {
  Utf8Validator validator;
  validator.feed(bytes);
  return validator.complete();
}

size_t encode_utf8(uint32_t code_point, uint8_t (&into)[4]) {
  auto tail = [&](unsigned shift) { return static_cast<uint8_t>(0x80 | ((code_point >> shift) & 0x3f)); };
  if (code_point < 0x80) {
    into[0] = static_cast<uint8_t>(code_point);
    return 1;
  }
  if (code_point < 0x800) {
    into[0] = static_cast<uint8_t>(0xc0 | (code_point >> 6));
    into[1] = tail(0);
    return 2;
  }
  if (code_point < 0x10000) {
    into[0] = static_cast<uint8_t>(0xe0 | (code_point >> 12));
    into[1] = tail(6);
    into[2] = tail(0);
    return 3;
  }
  into[0] = static_cast<uint8_t>(0xf0 | (code_point >> 18));
  into[1] = tail(12);
  into[2] = tail(6);
  into[3] = tail(0);
  return 4;
}

}  // namespace pb
