#include "core/text_writer.h"

namespace pb {

TextWriter& TextWriter::append(Text text) {
  const size_t room = buffer_.length - length_;
  const size_t taken = text.length < room ? text.length : room;
  if (taken != 0) memcpy(buffer_.data + length_, text.data, taken);
  length_ += taken;
  cut_ += text.length - taken;
  return *this;
}

TextWriter& TextWriter::append(Hex value) {
  char digits[16];
  size_t at = sizeof digits;
  do {
    digits[--at] = "0123456789abcdef"[value.value & 0x0F];
    value.value >>= 4;
  } while (at != 0 && (value.value != 0 || sizeof digits - at < value.digits));
  return append(Text(digits + at, sizeof digits - at));
}

TextWriter& TextWriter::append(Padded value) {
  char digits[20];  // 2^64 has 20
  size_t at = sizeof digits;
  do {
    digits[--at] = static_cast<char>('0' + value.value % 10);
    value.value /= 10;
  } while (at != 0 && (value.value != 0 || sizeof digits - at < value.digits));
  return append(Text(digits + at, sizeof digits - at));
}

bool parse_decimal(Text text, uint64_t& value) {
  if (text.empty()) return false;
  uint64_t result = 0;
  for (size_t i = 0; i < text.length; ++i) {
    const char character = text.data[i];
    if (character < '0' || character > '9') return false;
    const auto digit = static_cast<uint64_t>(character - '0');
    if (result > (UINT64_MAX - digit) / 10) return false;
    result = result * 10 + digit;
  }
  value = result;
  return true;
}

}  // namespace pb
