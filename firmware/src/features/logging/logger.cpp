#include "features/logging/logger.h"

namespace pb {

namespace {

constexpr Text kLevelNames[] = {"error", "warning", "info", "debug"};
constexpr Text kCutMark = "...";

/// Returns whether the byte continues a UTF-8 character.
bool is_continuation(char byte) { return (static_cast<uint8_t>(byte) & 0xC0) == 0x80; }

}  // namespace

bool parse_log_level(Text word, LogLevel& level) {
  for (size_t i = 0; i < sizeof kLevelNames / sizeof kLevelNames[0]; ++i) {
    if (word == kLevelNames[i]) {
      level = static_cast<LogLevel>(i);
      return true;
    }
  }
  return false;
}

Text name_of(LogLevel level) { return kLevelNames[static_cast<size_t>(level)]; }

void Logger::finish(const TextWriter& line) {
  size_t length = line.length();
  if (line.cut() != 0) {
    ++cut_lines_;
    length -= kCutMark.length;
    while (is_continuation(line_[length])) --length;  // do not split a character
    memcpy(line_ + length, kCutMark.data, kCutMark.length);
    length += kCutMark.length;
  }
  send(length);
}

void Logger::send(size_t length) {
  for (size_t i = 0; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(line_[i]);
    if (byte < ' ' || byte == 0x7F) line_[i] = '?';
  }
  line_[length++] = '\r';
  line_[length++] = '\n';
  uart_.write({reinterpret_cast<const uint8_t*>(line_), length});
}

}  // namespace pb
