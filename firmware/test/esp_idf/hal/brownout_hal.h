#pragma once

// Not in the API reference: ESP-IDF sets the level by Kconfig, and this is the function that it uses for that.

#include <stdint.h>

struct brownout_hal_config_t {
  uint8_t threshold;
  bool enabled;
  bool reset_enabled;
  bool flash_power_down;
  bool rf_power_down;
};

void brownout_hal_config(const brownout_hal_config_t* config);
