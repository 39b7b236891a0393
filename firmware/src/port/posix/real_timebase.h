#pragma once

#include "port/posix/board_link.h"
#include "port/posix/cpu_time.h"
#include "port/posix/real_sleeper.h"
#include "port/posix/real_watchdog.h"
#include "port/posix/timebase.h"

namespace pb::posix {

/// Real time: it passes while the device works, and interrupts occur at any time.
class RealTimebase final : public Timebase {
 public:
  RealTimebase(BoardLink& board, CrashReporter& crash_reporter) : board_(board), watchdog_(clock_, crash_reporter) {}

  const PosixClock& clock() const override { return clock_; }
  Sleeper& sleeper() override { return sleeper_; }
  Watchdog& watchdog() override { return watchdog_; }
  Micros loop_worked() const override { return cpu_time_of(loop_); }
  void work_until(Micros device_us) override {
    while (clock_.now_us() < device_us) {
    }
  }
  void start() override {
    loop_ = pthread_self();
    clock_.start();
    board_.start_reader();
    watchdog_.start();
  }

 private:
  BoardLink& board_;
  pthread_t loop_ = pthread_self();
  RealClock clock_;
  RealSleeper sleeper_{clock_};
  RealWatchdog watchdog_;
};

}  // namespace pb::posix
