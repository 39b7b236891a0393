#pragma once

#include "port/posix/cpu_limit.h"
#include "port/posix/sleeper.h"
#include "port/posix/stepped_clock.h"
#include "port/posix/watchdog.h"

namespace pb::posix {

/// Device time stops while the loop works: an endless loop is detected by its processor time, and a hang triggers the
/// watchdog at its deadline.
class SteppedWatchdog final : public Watchdog {
 public:
  SteppedWatchdog(const SteppedClock& clock, Sleeper& sleeper, CpuLimit& limit, CrashReporter& crash_reporter)
      : clock_(clock), sleeper_(sleeper), limit_(limit), crash_reporter_(crash_reporter) {}

  void start() override { feed(); }
  void feed() override {
    fed_us_ = clock_.now_us();
    limit_.restart();
  }
  [[noreturn]] void hang() override {
    sleeper_.block_until(fed_us_ + micros_of(kLimitMs));
    trigger_watchdog(crash_reporter_);
  }

 private:
  const SteppedClock& clock_;
  Sleeper& sleeper_;
  CpuLimit& limit_;
  CrashReporter& crash_reporter_;
  Micros fed_us_ = 0;
};

}  // namespace pb::posix
