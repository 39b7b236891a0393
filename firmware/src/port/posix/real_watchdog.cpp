#include "port/posix/real_watchdog.h"

#include <unistd.h>

#include <thread>

namespace pb::posix {

void RealWatchdog::start() {
  feed();
  std::thread([this] {
    Micros seen = fed_us_.load();
    for (int unfed = 0;;) {
      std::this_thread::sleep_for(kTick);
      const Micros fed = fed_us_.load();
      unfed = fed == seen ? unfed + 1 : 0;
      seen = fed;
      if (unfed >= kTicks && clock_.now_us() >= seen + kLimitMs * 1000) trigger_watchdog(crash_reporter_);
    }
  }).detach();
}

void RealWatchdog::hang() {
  for (;;) pause();
}

}  // namespace pb::posix
