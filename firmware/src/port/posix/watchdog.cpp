#include "port/posix/watchdog.h"

#include <unistd.h>

#include "port/posix/exit_code.h"

namespace pb::posix {

void trigger_watchdog(CrashReporter& crash_reporter) {
  crash_reporter.report("the loop has not run for 5 s (task watchdog)");
  _exit(exit_code_of(ResetReason::watchdog));
}

}  // namespace pb::posix
