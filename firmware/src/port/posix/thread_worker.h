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

/// Runs the jobs in a thread of its own, as the chip runs them in a task. The loop goes on meanwhile, also during an
/// erase, so that ThreadSanitizer and the tests see what the two share.
///
/// In stepped time the device is not idle while a job runs. One that blocks for a time is: its end is a deadline of the
/// device, at which the loop lets it go on.
class ThreadWorker final : public PosixWorker, private Blocker {
 public:
  static constexpr size_t kMaxJobs = 16;

  /// How jobs block: `real` lets the thread sleep, `stepped` waits for the bench's time.
  enum class Time : uint8_t { real, stepped };

  /// @param sleeper blocks the loop's own thread, and the worker's in real time
  ThreadWorker(Time time, const Clock& clock, Sleeper& sleeper, Waker& waker);
  ~ThreadWorker() override;
  ThreadWorker(const ThreadWorker&) = delete;
  ThreadWorker& operator=(const ThreadWorker&) = delete;

  Blocker& blocker() override { return *this; }
  bool post(Job job) override;
  bool deliver() override;

  Millis deadline() override;
  void add_to(UnderWay& under_way) const override;

 private:
  void block_until(Micros device_us) override;
  void run();
  /// Ends the sleep of the loop, because a job has blocked or ended, and with it the wait of a loop that is blocked
  /// itself. With the mutex held.
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
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace pb::posix
