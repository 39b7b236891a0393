#pragma once

#include <atomic>
#include <chrono>

#include "port/posix/real_clock.h"
#include "port/posix/watchdog.h"

namespace pb::posix {

/// A thread that checks whether the loop feeds the watchdog.
class RealWatchdog final : public Watchdog {
 public:
  RealWatchdog(const RealClock& clock, CrashReporter& crash_reporter)
      : clock_(clock), crash_reporter_(crash_reporter) {}

  void start() override;
  void feed() override { fed_us_.store(clock_.now_us()); }
  [[noreturn]] void hang() override;

 private:
  /// Besides the time, kTicks ticks of the watchdog's own thread must pass. So a busy host or a stopped process does
  /// not count as a blocked loop.
  static constexpr std::chrono::milliseconds kTick{250};
  static constexpr int kTicks = 12;

  const RealClock& clock_;
  CrashReporter& crash_reporter_;
  std::atomic<Micros> fed_us_{0};
};

}  // namespace pb::posix
