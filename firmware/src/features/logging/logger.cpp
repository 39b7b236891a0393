#include "features/logging/logger.h"

namespace pb {

namespace {

constexpr Text kCutMark = "...";

/// Returns whether the byte continues a UTF-8 character.
bool is_continuation(char byte) { return (static_cast<uint8_t>(byte) & 0xC0) == 0x80; }

}  // namespace

Span<char> Logger::finish(const TextWriter& line) {
  size_t length = line.length();
  if (line.cut() != 0) {
    ++cut_lines_;
    length -= kCutMark.length;
    while (is_continuation(line_[length])) --length;  // do not split a character
    memcpy(line_ + length, kCutMark.data, kCutMark.length);
    length += kCutMark.length;
  }
  return send(length);
}

Span<char> Logger::send(size_t length) {
  for (size_t i = 0; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(line_[i]);
    if (byte < ' ' || byte == 0x7F) line_[i] = '?';
  }
  line_[length++] = '\r';
  line_[length++] = '\n';
  uart_.write({reinterpret_cast<const uint8_t*>(line_), length});
  return {line_, length - 2};
}

void Logger::print_stored(Text line) {
  TextWriter text = begin_line();
  finish(text.append_all("L ", line));
}

}  // namespace pb
