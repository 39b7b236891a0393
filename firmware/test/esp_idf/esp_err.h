#pragma once

// API reference, System, "Error Codes".

#include <stdint.h>
#include <stdlib.h>

using esp_err_t = int;
constexpr esp_err_t ESP_OK = 0;
constexpr esp_err_t ESP_FAIL = -1;
constexpr esp_err_t ESP_ERR_INVALID_SIZE = 0x104;

#define ESP_ERROR_CHECK(x)      \
  do {                          \
    if ((x) != ESP_OK) abort(); \
  } while (0)
