#include "port/esp32/esp_worker.h"

namespace pb::esp32 {

EspWorker::EspWorker(Waker& waker, UBaseType_t priority)
    : waker_(waker),
      waiting_(xQueueCreateStatic(kMaxJobs, sizeof(Job), waiting_memory_, &waiting_state_)),
      ended_(xQueueCreateStatic(kMaxJobs, sizeof(Job), ended_memory_, &ended_state_)),
      task_(xTaskCreateStatic(&run, "worker", sizeof stack_, this, priority, stack_, &task_state_)) {}

bool EspWorker::post(Job job) {
  // `ended_` has room for kMaxJobs, so the task never waits for the loop.
  if (undelivered_ == kMaxJobs || xQueueSend(waiting_, &job, 0) != pdTRUE) return false;
  ++undelivered_;
  return true;
}

bool EspWorker::deliver() {
  bool has_delivered = false;
  for (Job job; xQueueReceive(ended_, &job, 0) == pdTRUE; has_delivered = true) {
    --undelivered_;
    job.done(job.context);
  }
  return has_delivered;
}

void EspWorker::run(void* self) {
  auto& worker = *static_cast<EspWorker*>(self);
  for (Job job;;) {
    if (xQueueReceive(worker.waiting_, &job, portMAX_DELAY) != pdTRUE) continue;
    job.run(job.context);
    xQueueSend(worker.ended_, &job, portMAX_DELAY);
    worker.waker_.wake();
  }
}

}  // namespace pb::esp32
