#pragma once

#include <deque>

#include "port/worker.h"

namespace pb {

/// Runs a job when the test delivers it, one at a time.
class FakeWorker final : public Worker {
 public:
  /// Makes post() fail for lack of room.
  bool full = false;
  /// Keeps jobs pending.
  bool hold = false;

  size_t waiting() const { return jobs_.size(); }
  /// Drops the pending jobs, as a restart does.
  void forget_jobs() { jobs_.clear(); }
  void deliver_all() {
    while (deliver()) {
    }
  }

  bool post(Job job) override {
    if (full) return false;
    jobs_.push_back(job);
    return true;
  }
  bool deliver() override {
    if (hold || jobs_.empty()) return false;
    const Job job = jobs_.front();
    jobs_.pop_front();
    job.run(job.context);
    job.done(job.context);
    return true;
  }

 private:
  std::deque<Job> jobs_;
};

}  // namespace pb
