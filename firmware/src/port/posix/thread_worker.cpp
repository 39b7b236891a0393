#include "port/posix/thread_worker.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "port/posix/cpu_time.h"

namespace pb::posix {

ThreadWorker::ThreadWorker(Time time, const Clock& clock, Sleeper& sleeper, Waker& waker)
    : time_(time),
      clock_(clock),
      sleeper_(sleeper),
      waker_(waker),
      progress_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { run(); }) {}

ThreadWorker::~ThreadWorker() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    blocked_until_.reset();
    changed_.notify_all();
  }
  thread_.join();
  close(progress_fd_);
}

bool ThreadWorker::post(Job job) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() + ended_.size() + (is_running_ ? 1 : 0) >= kMaxJobs) return false;
  waiting_.push(job);
  changed_.notify_all();
  return true;
}

bool ThreadWorker::deliver() {
  bool has_delivered = false;
  for (Job job;; has_delivered = true) {
    {
      const std::lock_guard lock(mutex_);
      if (!ended_.pop(job)) return has_delivered;
    }
    // `done` may post the next job.
    job.done(job.context);
  }
}

void ThreadWorker::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_stopping_ || !waiting_.empty(); });
    Job job;
    if (is_stopping_ || !waiting_.pop(job)) return;
    is_running_ = true;
    lock.unlock();
    job.run(job.context);
    lock.lock();
    is_running_ = false;
    ended_.push(job);
    note_progress();
  }
}

void ThreadWorker::block_until(Micros device_us) {
  if (time_ == Time::real || std::this_thread::get_id() != thread_.get_id()) return sleeper_.block_until(device_us);
  std::unique_lock lock(mutex_);
  if (is_stopping_) return;
  blocked_since_ = clock_.now_us();
  blocked_until_ = device_us;
  note_progress();
  changed_.wait(lock, [this] { return !blocked_until_.has_value(); });
}

std::optional<Micros> ThreadWorker::worked() const {
  if (time_ == Time::real) return cpu_time_of(const_cast<std::thread&>(thread_).native_handle());
  const std::lock_guard lock(mutex_);
  return blocked_us_;
}

void ThreadWorker::note_progress() {
  // The mutex is still locked, so the loop cannot see the new state and report idle before this call ends its sleep.
  waker_.wake();
  eventfd_write(progress_fd_, 1);
}

Millis ThreadWorker::deadline() {
  const std::lock_guard lock(mutex_);
  return blocked_until_.has_value() ? (*blocked_until_ + 999) / 1000 : kNever;
}

void ThreadWorker::add_to(UnderWay& under_way) const {
  const std::lock_guard lock(mutex_);
  eventfd_t count;
  eventfd_read(progress_fd_, &count);
  if (blocked_until_.has_value() && clock_.now_us() >= *blocked_until_) {
    // Added here, by the loop, because the thread wakes at a moment that the host decides.
    if (*blocked_until_ > blocked_since_) blocked_us_ += *blocked_until_ - blocked_since_;
    blocked_until_.reset();
    changed_.notify_all();
  }
  const bool is_working = (is_running_ && !blocked_until_.has_value()) || !waiting_.empty();
  if (is_working) under_way.jobs.push_back({progress_fd_, POLLIN, 0});
}

}  // namespace pb::posix
