#pragma once

#include "port/posix/posix_clock.h"
#include "port/posix/sleeper.h"
#include "port/posix/watchdog.h"

namespace pb::posix {

/// How time passes for the chip, with all that depends on it.
class Timebase {
 public:
  virtual ~Timebase() = default;

  virtual const PosixClock& clock() const = 0;
  virtual Sleeper& sleeper() = 0;
  virtual Watchdog& watchdog() = 0;
  /// `go` has come: device time is 0, and the chip's interrupts and its watchdog run from now on.
  virtual void start() = 0;
};

}  // namespace pb::posix
