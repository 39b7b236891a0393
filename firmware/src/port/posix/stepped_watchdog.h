#pragma once

#include "port/posix/cpu_limit.h"
#include "port/posix/sleeper.h"
#include "port/posix/stepped_clock.h"
#include "port/posix/watchdog.h"

namespace pb::posix {

/// Device time stands still while the loop works: a loop that spins is found by the processor time that it takes, and
/// one that hangs bites itself when its time has come.
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
    bite(crash_reporter_);
  }

 private:
  const SteppedClock& clock_;
  Sleeper& sleeper_;
  CpuLimit& limit_;
  CrashReporter& crash_reporter_;
  Micros fed_us_ = 0;
};

}  // namespace pb::posix
