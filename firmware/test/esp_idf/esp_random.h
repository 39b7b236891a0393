#pragma once

// API reference, System, "Random Number Generation".

#include <stdint.h>

uint32_t esp_random();
