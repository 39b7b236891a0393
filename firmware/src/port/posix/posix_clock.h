#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "port/clock.h"

namespace pb::posix {

/// Nanoseconds of the host's CLOCK_MONOTONIC, the time base of the bench's timeline.
int64_t monotonic_ns();

/// Device time: the host's monotonic time since start(), run `scale` times faster.
class PosixClock final : public Clock {
 public:
  explicit PosixClock(double scale) : scale_(scale) {}

  /// Device time 0 is now.
  void start();
  /// From now on device time runs `scale` times faster than the host's; it neither jumps nor runs backwards.
  void set_scale(double scale);

  Micros now_us() const override;
  /// The host's time at which it will be `deadline`, if the scale stays as it is. Saturates for deadlines out of reach.
  int64_t host_ns_at(Millis deadline) const;
  /// Blocks the caller until it is `device_us`, whatever becomes of the scale meanwhile.
  void block_until(Micros device_us) const;

 private:
  Micros at(int64_t host_ns) const {
    return base_us_ + static_cast<Micros>(static_cast<double>(host_ns - base_ns_) * scale_ / 1e3);
  }
  int64_t host_ns_of(Micros device_us) const;

  mutable std::mutex mutex_;
  mutable std::condition_variable rescaled_;
  double scale_;
  int64_t base_ns_ = monotonic_ns();
  Micros base_us_ = 0;
};

}  // namespace pb::posix
