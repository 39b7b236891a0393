#include "port/esp32/tasks.h"

#include <freertos/FreeRTOS.h>
#include <freertos/task.h>

namespace pb::esp32 {

namespace {

// `tiT` is lwIP's. A chip with one core has one idle task, `IDLE`. Ethernet and Wi-Fi exclude each other.
constexpr const char* kTasks[] = {"main", "worker", "uart",  "tiT",     "sys_evt", "esp_timer",
                                  "IDLE", "IDLE0",  "IDLE1", "emac_rx", "wifi"};

template <class Entry, class Read>
size_t fill(Span<Entry> entries, Read read) {
  size_t count = 0;
  for (const char* name : kTasks) {
    const TaskHandle_t task = count < entries.length ? xTaskGetHandle(name) : nullptr;
    if (task != nullptr) entries.data[count++] = {name, read(task)};
  }
  return count;
}

}  // namespace

size_t task_stacks(Span<StackMark> marks) {
  return fill(marks, [](TaskHandle_t task) { return static_cast<uint32_t>(uxTaskGetStackHighWaterMark(task)); });
}

size_t task_times(Span<TaskTime> times) {
  return fill(times, [](TaskHandle_t task) {
    TaskStatus_t status;
    // With these arguments the call neither searches for the task's state nor measures its stack.
    vTaskGetInfo(task, &status, pdFALSE, eReady);
    return static_cast<uint32_t>(status.ulRunTimeCounter);
  });
}

}  // namespace pb::esp32
