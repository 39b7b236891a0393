#include "port/esp32/log_redirect.h"

#include <esp_log.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

namespace pb::esp32 {

namespace {

/// A longer line is cut. The limit is low because the line lies on the stack of the task that logs.
constexpr size_t kMaxLine = 192;
constexpr char kEnd[] = "\r\n";
constexpr size_t kEndLength = sizeof kEnd - 1;

Uart* console = nullptr;

int write_line(const char* format, va_list arguments) {
  char line[kMaxLine + kEndLength + 1];
  const int length = vsnprintf(line, kMaxLine + 1, format, arguments);
  if (length <= 0) return length;
  size_t count = static_cast<size_t>(length) < kMaxLine ? static_cast<size_t>(length) : kMaxLine;
  while (count > 0 && (line[count - 1] == '\n' || line[count - 1] == '\r')) --count;
  if (count == 0) return length;
  memcpy(line + count, kEnd, kEndLength);
  console->write({reinterpret_cast<const uint8_t*>(line), count + kEndLength});
  return length;
}

}  // namespace

void redirect_log_to(Uart& uart) {
  console = &uart;
  esp_log_set_vprintf(&write_line);
}

}  // namespace pb::esp32
