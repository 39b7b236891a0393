#include "port/posix/posix_clock.h"

#include <time.h>

#include <chrono>

namespace pb::posix {

int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void PosixClock::start() {
  const std::lock_guard lock(mutex_);
  base_ns_ = monotonic_ns();
  base_us_ = 0;
}

void PosixClock::set_scale(double scale) {
  const std::lock_guard lock(mutex_);
  const int64_t now = monotonic_ns();
  base_us_ = at(now);
  base_ns_ = now;
  scale_ = scale;
  rescaled_.notify_all();
}

Micros PosixClock::now_us() const {
  const std::lock_guard lock(mutex_);
  return at(monotonic_ns());
}

int64_t PosixClock::host_ns_of(Micros device_us) const {
  if (device_us <= base_us_) return base_ns_;
  const double ahead = static_cast<double>(device_us - base_us_) * 1e3 / scale_;
  constexpr double kYear = 365.0 * 86400 * 1e9;
  // One nanosecond more than the quotient, so that rounding never ends a wait before its time.
  return base_ns_ + static_cast<int64_t>(ahead < kYear ? ahead : kYear) + 1;
}

int64_t PosixClock::host_ns_at(Millis deadline) const {
  const std::lock_guard lock(mutex_);
  return host_ns_of(deadline < kNever / 1000 ? deadline * 1000 : kNever);
}

void PosixClock::block_until(Micros device_us) const {
  std::unique_lock lock(mutex_);
  while (at(monotonic_ns()) < device_us) {
    // std::chrono::steady_clock is CLOCK_MONOTONIC on Linux.
    rescaled_.wait_until(lock, std::chrono::steady_clock::time_point(std::chrono::nanoseconds(host_ns_of(device_us))));
  }
}

}  // namespace pb::posix
