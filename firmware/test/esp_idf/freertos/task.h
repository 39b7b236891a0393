#pragma once

// API reference, System, "FreeRTOS (IDF)".

#include "freertos/FreeRTOS.h"

struct tskTaskControlBlock;
using TaskHandle_t = tskTaskControlBlock*;
using TaskFunction_t = void (*)(void* argument);
struct StaticTask_t {
  uint8_t state[8];
};
enum eTaskState { eReady };
struct TaskStatus_t {
  uint32_t ulRunTimeCounter;
};

TaskHandle_t xTaskGetCurrentTaskHandle();
TaskHandle_t xTaskCreateStatic(TaskFunction_t task, const char* name, uint32_t stack_bytes, void* argument,
                               UBaseType_t priority, StackType_t* stack, StaticTask_t* state);
BaseType_t xTaskCreate(TaskFunction_t task, const char* name, uint32_t stack_bytes, void* argument,
                       UBaseType_t priority, TaskHandle_t* created);
void vTaskDelete(TaskHandle_t task);
void vTaskDelay(TickType_t ticks);
void vTaskPrioritySet(TaskHandle_t task, UBaseType_t priority);
TickType_t xTaskGetTickCount();
TaskHandle_t xTaskGetHandle(const char* name);
void vTaskGetInfo(TaskHandle_t task, TaskStatus_t* status, BaseType_t with_stack, eTaskState state);
UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task);
uint32_t ulTaskNotifyTake(BaseType_t clear, TickType_t ticks);
BaseType_t xTaskNotifyGive(TaskHandle_t task);
void vTaskNotifyGiveFromISR(TaskHandle_t task, BaseType_t* must_switch);
