#pragma once

#include "port/uart.h"

namespace pb::esp32 {

/// Sends the lines of ESP-IDF's own log to `uart`, from any task, whole and ended by `\r\n` as ours are. Their
/// format is the same already: `I (12345) wifi: text`. ESP-IDF: API reference, System, "Logging library".
void redirect_log_to(Uart& uart);

}  // namespace pb::esp32
