#pragma once

#include <atomic>
#include <chrono>

#include "port/posix/real_clock.h"
#include "port/posix/watchdog.h"

namespace pb::posix {

/// A thread that looks whether the loop still feeds.
class RealWatchdog final : public Watchdog {
 public:
  RealWatchdog(const RealClock& clock, CrashReporter& crash_reporter)
      : clock_(clock), crash_reporter_(crash_reporter) {}

  void start() override;
  void feed() override { fed_us_.store(clock_.now_us()); }
  [[noreturn]] void hang() override;

 private:
  /// A host that is busy with other things, or stopped the process for a while, must not be taken for a firmware that
  /// hangs: so many ticks of the watchdog's own thread have to pass, too.
  static constexpr std::chrono::milliseconds kTick{250};
  static constexpr int kTicks = 12;

  const RealClock& clock_;
  CrashReporter& crash_reporter_;
  std::atomic<Micros> fed_us_{0};
};

}  // namespace pb::posix
