#include "port/esp32/task_stacks.h"

#include <freertos/FreeRTOS.h>
#include <freertos/task.h>

namespace pb::esp32 {

namespace {

// `tiT` is lwIP's. A chip with one core has one idle task, `IDLE`. Ethernet and Wi-Fi exclude each other.
constexpr const char* kTasks[] = {"main", "worker", "uart",  "tiT",     "sys_evt", "esp_timer",
                                  "IDLE", "IDLE0",  "IDLE1", "emac_rx", "wifi"};

}  // namespace

size_t task_stacks(Span<StackMark> marks) {
  size_t count = 0;
  for (const char* name : kTasks) {
    const TaskHandle_t task = count < marks.length ? xTaskGetHandle(name) : nullptr;
    if (task != nullptr) marks.data[count++] = {name, static_cast<uint32_t>(uxTaskGetStackHighWaterMark(task))};
  }
  return count;
}

}  // namespace pb::esp32
