#pragma once

#include <freertos/FreeRTOS.h>
#include <freertos/task.h>

namespace pb::esp32 {

/// Calls `start` once in a task of its own, which ends with the call: drivers take 100 ms and more to start.
/// @return false without memory for the task
inline bool start_in_a_task(const char* name, TaskFunction_t start, void* context) {
  // The drivers' own examples run in the main task, whose default stack has this size.
  constexpr uint32_t kStack = 3584;
  return xTaskCreate(start, name, kStack, context, tskIDLE_PRIORITY + 2, nullptr) == pdPASS;
}

}  // namespace pb::esp32
