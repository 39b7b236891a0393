#pragma once

// API reference, System, "Power Management".

#include "esp_err.h"

struct esp_pm_config_t {
  int max_freq_mhz;
  int min_freq_mhz;
  bool light_sleep_enable;
};

esp_err_t esp_pm_configure(const void* config);
