#pragma once

#include <chrono>
#include <string>

#include "port/posix/stepped_sleeper.h"
#include "port/posix/stepped_watchdog.h"
#include "port/posix/timebase.h"

namespace pb::posix {

/// Stepped time: the bench's clock waits until the device is idle (docs/virtual-board.md).
class SteppedTimebase final : public Timebase {
 public:
  /// @param link_fd the device's end of the clock link
  SteppedTimebase(int link_fd, BoardLink& board, const WakeSources& sources, CrashReporter& crash_reporter)
      : link_(link_fd),
        limit_(crash_reporter, std::chrono::milliseconds(Watchdog::kLimitMs)),
        sleeper_(clock_, link_, board, sources, limit_),
        watchdog_(clock_, sleeper_, limit_, crash_reporter) {}

  /// Maps the bench's clock page; call it first. @return an empty text, or the error.
  std::string open(int page_fd) { return clock_.open(page_fd); }

  const PosixClock& clock() const override { return clock_; }
  Sleeper& sleeper() override { return sleeper_; }
  Watchdog& watchdog() override { return watchdog_; }
  Micros loop_worked() const override { return sleeper_.blocked(); }
  void work_until(Micros device_us) override {
    // Device time stops while the loop works, so the work is a wait for the bench.
    sleeper_.block_until(device_us);
  }
  void start() override {
    clock_.start();
    watchdog_.start();
  }

 private:
  SteppedClock clock_;
  ClockLink link_;
  CpuLimit limit_;
  SteppedSleeper sleeper_;
  SteppedWatchdog watchdog_;
};

}  // namespace pb::posix
