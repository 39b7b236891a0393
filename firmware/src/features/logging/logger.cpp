#include "features/logging/logger.h"

namespace pb {

namespace {

constexpr Text kLevelNames[] = {"error", "warning", "info", "debug"};
constexpr Text kCutMark = "...";

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
    memcpy(line_ + length - kCutMark.length, kCutMark.data, kCutMark.length);
  }
  for (size_t i = 0; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(line_[i]);
    if (byte < ' ' || byte == 0x7F) line_[i] = '?';
  }
  line_[length++] = '\r';
  line_[length++] = '\n';
  uart_.write({reinterpret_cast<const uint8_t*>(line_), length});
}

}  // namespace pb
