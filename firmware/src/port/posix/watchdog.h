#pragma once

#include "core/time.h"
#include "port/posix/crash_reporter.h"
#include "port/system.h"

namespace pb::posix {

/// Ends the process when the loop has not fed it for kLimitMs of device time.
class Watchdog {
 public:
  static constexpr Millis kLimitMs = System::kWatchdogMs;

  virtual ~Watchdog() = default;

  virtual void start() = 0;
  virtual void feed() = 0;
  /// Blocks the loop until the watchdog ends the process.
  [[noreturn]] virtual void hang() = 0;
};

/// Prints the panic of the task watchdog and ends the process. Async-signal-safe.
[[noreturn]] void trigger_watchdog(CrashReporter& crash_reporter);

}  // namespace pb::posix
