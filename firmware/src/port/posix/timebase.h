#pragma once

#include "port/posix/posix_clock.h"
#include "port/posix/sleeper.h"
#include "port/posix/watchdog.h"

namespace pb::posix {

/// The time of the chip, with everything that depends on it.
class Timebase {
 public:
  virtual ~Timebase() = default;

  virtual const PosixClock& clock() const = 0;
  virtual Sleeper& sleeper() = 0;
  virtual Watchdog& watchdog() = 0;
  /// The time in which the loop's thread has worked.
  virtual Micros loop_worked() const = 0;
  /// Keeps the loop busy until `device_us` of device time.
  virtual void work_until(Micros device_us) = 0;
  /// Called after `go`: device time is 0, and interrupts and watchdog start.
  virtual void start() = 0;
};

}  // namespace pb::posix
