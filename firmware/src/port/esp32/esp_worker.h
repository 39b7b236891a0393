#pragma once

#include <freertos/FreeRTOS.h>
#include <freertos/queue.h>
#include <freertos/task.h>

#include "port/waker.h"
#include "port/worker.h"

namespace pb::esp32 {

/// Runs the jobs in a task whose priority is between those of the idle task and the loop. ESP-IDF: API reference,
/// System, "FreeRTOS (IDF)".
class EspWorker final : public Worker {
 public:
  static constexpr UBaseType_t kMaxJobs = 16;

  /// @param priority below that of the loop's task
  EspWorker(Waker& waker, UBaseType_t priority);
  EspWorker(const EspWorker&) = delete;
  EspWorker& operator=(const EspWorker&) = delete;

  bool post(Job job) override;
  bool deliver() override;

 private:
  /// littlefs is the deepest caller; firmware/sizes.json has its stack (`make sizes`).
  static constexpr uint32_t kStack = 3072;

  static void run(void* self);

  Waker& waker_;
  UBaseType_t undelivered_ = 0;  ///< jobs posted and not delivered; only the loop uses this
  uint8_t waiting_memory_[kMaxJobs * sizeof(Job)] = {};
  uint8_t ended_memory_[kMaxJobs * sizeof(Job)] = {};
  StaticQueue_t waiting_state_;
  StaticQueue_t ended_state_;
  StackType_t stack_[kStack / sizeof(StackType_t)];
  StaticTask_t task_state_;
  QueueHandle_t waiting_;
  QueueHandle_t ended_;
  TaskHandle_t task_;
};

}  // namespace pb::esp32
