#pragma once

#include <signal.h>
#include <time.h>

#include <chrono>

#include "port/posix/crash_reporter.h"

namespace pb::posix {

/// Triggers the watchdog after `limit` of processor time since the last restart(). Other load of the host does not
/// count, because it uses no processor time of this process.
class CpuLimit {
 public:
  CpuLimit(CrashReporter& crash_reporter, std::chrono::milliseconds limit);
  ~CpuLimit();
  CpuLimit(const CpuLimit&) = delete;
  CpuLimit& operator=(const CpuLimit&) = delete;

  /// Restarts the count; the first call starts it.
  void restart();

 private:
  static void on_signal(int signal, siginfo_t* info, void* context);

  CrashReporter& crash_reporter_;
  std::chrono::milliseconds limit_;
  timer_t timer_{};
};

}  // namespace pb::posix
