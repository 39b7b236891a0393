#include "features/logging/logger.h"

#include "core/utf8.h"

namespace pb {

namespace {

constexpr Text kCutMark = "...";

/// Returns the length of the character at the start of `text`; 0 if it is a control character or invalid UTF-8.
size_t printable(Bytes text) {
  Utf8Validator validator;
  if (text[0] < ' ' || text[0] == 0x7F) return 0;
  for (size_t length = 0; length < text.length && validator.feed(text[length]);) {
    ++length;
    if (validator.complete()) return length;
  }
  return 0;
}

}  // namespace

Span<char> Logger::finish(const TextWriter& line) {
  size_t length = line.length();
  if (line.cut() != 0) {
    ++cut_lines_;
    length -= kCutMark.length;
    while (is_utf8_continuation(line_[length])) --length;  // do not split a character
    memcpy(line_ + length, kCutMark.data, kCutMark.length);
    length += kCutMark.length;
  }
  return send(length);
}

Span<char> Logger::send(size_t length) {
  const Bytes text{reinterpret_cast<const uint8_t*>(line_), length};
  for (size_t i = 0; i < length;) {
    const size_t bytes = printable(text.after(i));
    if (bytes == 0) line_[i] = '?';
    i += bytes == 0 ? 1 : bytes;
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
