#pragma once

// API reference, System, "FreeRTOS (IDF)".

#include "freertos/FreeRTOS.h"

struct QueueDefinition;
using QueueHandle_t = QueueDefinition*;
struct StaticQueue_t {
  uint8_t state[8];
};

QueueHandle_t xQueueCreateStatic(UBaseType_t length, UBaseType_t item_size, uint8_t* storage, StaticQueue_t* state);
BaseType_t xQueueSend(QueueHandle_t queue, const void* item, TickType_t ticks);
BaseType_t xQueueReceive(QueueHandle_t queue, void* item, TickType_t ticks);
