#pragma once

#include "core/time.h"

namespace pb {

/// The monotonic clock: the only source of time in core and features. It never steps, and never stops while the chip
/// runs. features/time_sync derives wall time from it.
class Clock {
 public:
  /// Safe in interrupt context.
  virtual Micros now_us() const = 0;
  Millis now() const { return now_us() / 1000; }

 protected:
  ~Clock() = default;
};

}  // namespace pb
