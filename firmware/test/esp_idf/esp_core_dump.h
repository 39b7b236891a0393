#pragma once

// API guides, "Core Dump". The information about the backtrace differs by architecture; this is the one of Xtensa.

#include <stdint.h>

#include "esp_err.h"

struct esp_core_dump_bt_info_t {
  uint32_t bt[16];
  uint32_t depth;
  bool corrupted;
};

struct esp_core_dump_summary_extra_info_t {
  uint32_t exc_cause;
};

struct esp_core_dump_summary_t {
  char exc_task[16];
  uint32_t exc_pc;
  esp_core_dump_bt_info_t exc_bt_info;
  esp_core_dump_summary_extra_info_t ex_info;
};

esp_err_t esp_core_dump_get_summary(esp_core_dump_summary_t* summary);
