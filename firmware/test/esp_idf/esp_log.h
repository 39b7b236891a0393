#pragma once

// API reference, System, "Logging library".

#include <stdarg.h>

enum esp_log_level_t { ESP_LOG_NONE, ESP_LOG_ERROR, ESP_LOG_WARN, ESP_LOG_INFO };
using vprintf_like_t = int (*)(const char* format, va_list arguments);

void esp_log_level_set(const char* tag, esp_log_level_t level);
vprintf_like_t esp_log_set_vprintf(vprintf_like_t function);
