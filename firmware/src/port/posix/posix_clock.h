#pragma once

#include <cstdint>

#include "port/clock.h"

namespace pb::posix {

/// Device time: bench time since start().
class PosixClock : public Clock {
 public:
  /// A bench time that is never reached.
  static constexpr int64_t kNeverNs = INT64_MAX;

  virtual ~PosixClock() = default;

  /// The bench time in ns, as used on the timeline. Any thread.
  virtual int64_t bench_ns() const = 0;
  /// Sets device time to 0.
  void start() { start_ns_ = bench_ns(); }
  Micros now_us() const final { return static_cast<Micros>(bench_ns() - start_ns_) / 1000; }
  /// The bench time at `device_us`; kNeverNs for times beyond its range.
  int64_t bench_ns_at(Micros device_us) const {
    const auto reach = static_cast<Micros>(kNeverNs - start_ns_) / 1000;
    return device_us < reach ? start_ns_ + static_cast<int64_t>(device_us * 1000) : kNeverNs;
  }

 private:
  int64_t start_ns_ = 0;
};

}  // namespace pb::posix
