#pragma once

#include "port/posix/posix_clock.h"

namespace pb::posix {

/// Nanoseconds of the host's CLOCK_MONOTONIC.
int64_t monotonic_ns();

/// Real time: the host's monotonic clock.
class RealClock final : public PosixClock {
 public:
  RealClock() { start(); }
  int64_t bench_ns() const override { return monotonic_ns(); }
};

}  // namespace pb::posix
