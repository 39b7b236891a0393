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

void Logger::finish(Line& line) {
  size_t length = line.writer.length();
  if (line.writer.cut() != 0) {
    ++cut_lines_;
    memcpy(line.bytes + length - kCutMark.length, kCutMark.data, kCutMark.length);
  }
  for (size_t i = 0; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(line.bytes[i]);
    if (byte < ' ' || byte == 0x7F) line.bytes[i] = '?';
  }
  line.bytes[length++] = '\r';
  line.bytes[length++] = '\n';
  uart_.write({reinterpret_cast<const uint8_t*>(line.bytes), length});
}

}  // namespace pb
