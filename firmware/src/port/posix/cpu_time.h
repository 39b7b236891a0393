#pragma once

#include <pthread.h>
#include <time.h>

#include "core/time.h"

namespace pb::posix {

/// @return the processor time of a thread that still runs
inline Micros cpu_time_of(pthread_t thread) {
  clockid_t clock = CLOCK_THREAD_CPUTIME_ID;
  timespec spent{};
  if (pthread_getcpuclockid(thread, &clock) != 0 || clock_gettime(clock, &spent) != 0) return 0;
  return static_cast<Micros>(spent.tv_sec) * 1'000'000 + static_cast<Micros>(spent.tv_nsec) / 1000;
}

}  // namespace pb::posix
