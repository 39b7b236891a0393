#include "port/posix/posix_waker.h"

#include <sys/eventfd.h>
#include <unistd.h>

namespace pb::posix {

PosixWaker::PosixWaker(Sleeper& sleeper, WakeSources& sources)
    : sleeper_(sleeper), sources_(sources), event_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

PosixWaker::~PosixWaker() { close(event_fd_); }

void PosixWaker::sleep_until(Millis deadline) {
  descriptors_.clear();
  descriptors_.push_back({event_fd_, POLLIN, 0});
  sources_.watch(descriptors_);
  sleeper_.sleep(descriptors_, earlier(deadline, sources_.deadline()));
  uint64_t count;
  // Only wake-ups are reset here; the owners of the sources process their events.
  if (read(event_fd_, &count, sizeof count) < 0) return;
}

void PosixWaker::wake() {
  const uint64_t one = 1;
  // This fails only with 2^64 - 2 pending wake-ups, and then the loop wakes anyway.
  if (write(event_fd_, &one, sizeof one) < 0) return;
}

}  // namespace pb::posix
