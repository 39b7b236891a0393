#pragma once

// API reference, System, "ESP Timer".

#include <stdint.h>

int64_t esp_timer_get_time();
