#pragma once

// API reference, System, "FreeRTOS (IDF)". A tick is a millisecond, as sdkconfig.defaults has it.

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

using BaseType_t = int;
using UBaseType_t = unsigned;
using TickType_t = uint32_t;
using StackType_t = uint8_t;
constexpr BaseType_t pdFALSE = 0;
constexpr BaseType_t pdTRUE = 1;
constexpr BaseType_t pdPASS = pdTRUE;
constexpr TickType_t portMAX_DELAY = 0xffffffff;
constexpr UBaseType_t tskIDLE_PRIORITY = 0;
#define pdMS_TO_TICKS(ms) (static_cast<TickType_t>(ms))
#define configASSERT(x) assert(x)
struct portMUX_TYPE {
  uint32_t owner;
};
#define portMUX_INITIALIZER_UNLOCKED {0}
#define portENTER_CRITICAL(lock) static_cast<void>(lock)
#define portEXIT_CRITICAL(lock) static_cast<void>(lock)
#define portENTER_CRITICAL_ISR(lock) static_cast<void>(lock)
#define portEXIT_CRITICAL_ISR(lock) static_cast<void>(lock)
#define portYIELD_FROM_ISR() static_cast<void>(0)

BaseType_t xPortInIsrContext();
