#pragma once

// API reference, System, "FreeRTOS (IDF)".

#include "freertos/FreeRTOS.h"

struct StreamBufferDef_t;
using StreamBufferHandle_t = StreamBufferDef_t*;
struct StaticStreamBuffer_t {
  uint8_t state[8];
};

StreamBufferHandle_t xStreamBufferCreateStatic(size_t size, size_t trigger, uint8_t* storage,
                                               StaticStreamBuffer_t* state);
size_t xStreamBufferSpacesAvailable(StreamBufferHandle_t buffer);
BaseType_t xStreamBufferIsEmpty(StreamBufferHandle_t buffer);
size_t xStreamBufferSend(StreamBufferHandle_t buffer, const void* bytes, size_t size, TickType_t ticks);
size_t xStreamBufferReceive(StreamBufferHandle_t buffer, void* into, size_t size, TickType_t ticks);
