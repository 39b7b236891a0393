#include "port/posix/real_sleeper.h"

#include <time.h>

namespace pb::posix {

namespace {

timespec to_timespec(int64_t ns) { return {ns / 1'000'000'000, ns % 1'000'000'000}; }

}  // namespace

void RealSleeper::sleep(const std::vector<pollfd>& watched, Millis deadline) {
  std::vector<pollfd> polled = watched;
  const int64_t end = clock_.bench_ns_at(micros_of(deadline));
  const int64_t left = end - clock_.bench_ns();
  const timespec limit = to_timespec(left > 0 ? left : 0);
  ppoll(polled.data(), polled.size(), end == PosixClock::kNeverNs ? nullptr : &limit, nullptr);
}

void RealSleeper::block_until(Micros device_us) {
  const timespec end = to_timespec(clock_.bench_ns_at(device_us));
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, nullptr) != 0) {
  }
}

}  // namespace pb::posix
