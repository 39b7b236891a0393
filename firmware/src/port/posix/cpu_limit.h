#pragma once

#include <signal.h>
#include <time.h>

#include <chrono>

#include "port/posix/crash_reporter.h"

namespace pb::posix {

/// Makes the watchdog bite when the process has computed for `limit` since the last restart(). It counts the
/// processor's time, which a busy host cannot use up.
class CpuLimit {
 public:
  CpuLimit(CrashReporter& crash_reporter, std::chrono::milliseconds limit);
  ~CpuLimit();
  CpuLimit(const CpuLimit&) = delete;
  CpuLimit& operator=(const CpuLimit&) = delete;

  /// Counts from 0 again; the first call starts it.
  void restart();

 private:
  static void on_signal(int signal, siginfo_t* info, void* context);

  CrashReporter& crash_reporter_;
  std::chrono::milliseconds limit_;
  timer_t timer_{};
};

}  // namespace pb::posix
