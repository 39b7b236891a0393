#pragma once

#include "core/ring_buffer.h"
#include "port/posix/posix_worker.h"

namespace pb::posix {

/// Runs the jobs on the loop's thread, one per round. Their order is therefore deterministic, and a slow erase
/// blocks the loop.
class LoopWorker final : public PosixWorker {
 public:
  static constexpr size_t kMaxJobs = 16;

  explicit LoopWorker(Sleeper& sleeper) : sleeper_(sleeper) {}

  Blocker& blocker() override { return sleeper_; }
  bool post(Job job) override { return jobs_.push(job); }
  bool deliver() override {
    Job job;
    if (!jobs_.pop(job)) return false;
    job.run(job.context);
    job.done(job.context);
    return true;
  }

 private:
  Sleeper& sleeper_;
  RingBuffer<Job, kMaxJobs> jobs_;
};

}  // namespace pb::posix
