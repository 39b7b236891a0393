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
  char digits[20];  // the digits of 2^64
  size_t at = sizeof digits;
  do {
    digits[--at] = static_cast<char>('0' + value.value % 10);
    value.value /= 10;
  } while (at != 0 && (value.value != 0 || sizeof digits - at < value.digits));
  return append(Text(digits + at, sizeof digits - at));
}

TextWriter& TextWriter::append_field_text(Text value) {
  const auto needs_quotes = [](char c) { return c == ' ' || c == '=' || c == '"' || c == '\\'; };
  bool is_quoted = value.empty();
  for (size_t i = 0; i < value.length; ++i) is_quoted = is_quoted || needs_quotes(value.data[i]);
  if (!is_quoted) return append(value);
  append('"');
  for (size_t i = 0; i < value.length; ++i) {
    if (value.data[i] == '"' || value.data[i] == '\\') append('\\');
    append(value.data[i]);
  }
  return append('"');
}

}  // namespace pb
