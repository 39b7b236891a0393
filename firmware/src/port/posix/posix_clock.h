#pragma once

#include <cstdint>

#include "port/clock.h"

namespace pb::posix {

/// Device time: the bench's time since start().
class PosixClock : public Clock {
 public:
  /// A bench time that never comes.
  static constexpr int64_t kNeverNs = INT64_MAX;

  virtual ~PosixClock() = default;

  /// The bench's time in ns, which stamps its timeline. Any thread.
  virtual int64_t bench_ns() const = 0;
  /// Device time 0 is now.
  void start() { start_ns_ = bench_ns(); }
  Micros now_us() const final { return static_cast<Micros>(bench_ns() - start_ns_) / 1000; }
  /// The bench's time at `device_us`; kNeverNs for times out of reach.
  int64_t bench_ns_at(Micros device_us) const {
    const auto reach = static_cast<Micros>(kNeverNs - start_ns_) / 1000;
    return device_us < reach ? start_ns_ + static_cast<int64_t>(device_us * 1000) : kNeverNs;
  }

 private:
  int64_t start_ns_ = 0;
};

}  // namespace pb::posix
