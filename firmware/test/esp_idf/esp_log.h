#pragma once

// API reference, System, "Logging library".

#include <stdarg.h>

using vprintf_like_t = int (*)(const char* format, va_list arguments);

vprintf_like_t esp_log_set_vprintf(vprintf_like_t function);
