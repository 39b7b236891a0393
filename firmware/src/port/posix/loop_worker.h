#pragma once

#include "core/ring_buffer.h"
#include "port/worker.h"

namespace pb::posix {

/// Runs the jobs on the loop's own thread, one a round: the same order each time, and a slow erase stops the loop.
class LoopWorker final : public Worker {
 public:
  static constexpr size_t kMaxJobs = 16;

  bool post(Job job) override { return jobs_.push(job); }
  void run_now(void (*run)(void* context), void* context) override { run(context); }
  bool deliver() override {
    Job job;
    if (!jobs_.pop(job)) return false;
    job.run(job.context);
    job.done(job.context);
    return true;
  }

 private:
  RingBuffer<Job, kMaxJobs> jobs_;
};

}  // namespace pb::posix
