#include "port/posix/cpu_limit.h"

#include "port/posix/watchdog.h"

namespace pb::posix {

CpuLimit::CpuLimit(CrashReporter& crash_reporter, std::chrono::milliseconds limit)
    : crash_reporter_(crash_reporter), limit_(limit) {
  struct sigaction action{};
  action.sa_sigaction = &CpuLimit::on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGXCPU, &action, nullptr);
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGXCPU;
  event.sigev_value.sival_ptr = this;
  timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer_);
}

CpuLimit::~CpuLimit() {
  timer_delete(timer_);
  signal(SIGXCPU, SIG_DFL);
}

void CpuLimit::restart() {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit_);
  itimerspec once{};
  once.it_value.tv_sec = seconds.count();
  once.it_value.tv_nsec = std::chrono::nanoseconds(limit_ - seconds).count();
  timer_settime(timer_, 0, &once, nullptr);
}

void CpuLimit::on_signal(int, siginfo_t* info, void*) {
  if (info->si_code == SI_TIMER) trigger_watchdog(static_cast<CpuLimit*>(info->si_value.sival_ptr)->crash_reporter_);
}

}  // namespace pb::posix
