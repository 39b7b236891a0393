#pragma once

// API reference, System, "FreeRTOS (IDF)".

#include "freertos/queue.h"

using SemaphoreHandle_t = QueueHandle_t;
using StaticSemaphore_t = StaticQueue_t;

SemaphoreHandle_t xSemaphoreCreateMutexStatic(StaticSemaphore_t* state);
BaseType_t xSemaphoreTake(SemaphoreHandle_t semaphore, TickType_t ticks);
BaseType_t xSemaphoreGive(SemaphoreHandle_t semaphore);
