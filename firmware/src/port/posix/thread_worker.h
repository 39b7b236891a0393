#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "core/ring_buffer.h"
#include "port/clock.h"
#include "port/posix/posix_worker.h"
#include "port/waker.h"

namespace pb::posix {

/// Runs the jobs in a thread of its own, as the chip does in a task. The loop runs meanwhile, even during an erase, so
/// that ThreadSanitizer and the tests cover the data that both share.
///
/// In stepped time the device is not idle while a job runs, but it is idle while a job blocks for a time. The end of
/// that time is a deadline of the device, at which the loop resumes the job.
class ThreadWorker final : public PosixWorker, private Blocker {
 public:
  static constexpr size_t kMaxJobs = 16;

  /// How jobs block: `real` sleeps in the thread, `stepped` waits for bench time.
  enum class Time : uint8_t { real, stepped };

  /// @param sleeper blocks the loop's thread, and in real time also the worker's thread
  ThreadWorker(Time time, const Clock& clock, Sleeper& sleeper, Waker& waker);
  ~ThreadWorker() override;
  ThreadWorker(const ThreadWorker&) = delete;
  ThreadWorker& operator=(const ThreadWorker&) = delete;

  Blocker& blocker() override { return *this; }
  bool post(Job job) override;
  bool deliver() override;
  /// In stepped time, the time in which jobs have blocked: no other time passes while they run.
  std::optional<Micros> worked() const override;

  Millis deadline() override;
  void add_to(UnderWay& under_way) const override;

 private:
  void block_until(Micros device_us) override;
  void run();
  /// Wakes the loop after a job has blocked or ended, even if the loop itself is blocked. Call it with the mutex
  /// locked.
  void note_progress();

  const Time time_;
  const Clock& clock_;
  Sleeper& sleeper_;
  Waker& waker_;
  int progress_fd_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  RingBuffer<Job, kMaxJobs> waiting_;
  RingBuffer<Job, kMaxJobs> ended_;
  bool is_running_ = false;
  bool is_stopping_ = false;
  mutable std::optional<Micros> blocked_until_;
  Micros blocked_since_ = 0;
  mutable Micros blocked_us_ = 0;
  std::thread thread_;  // last, because it uses all members above
};

}  // namespace pb::posix
