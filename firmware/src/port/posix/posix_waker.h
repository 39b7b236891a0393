#pragma once

#include <poll.h>

#include <vector>

#include "port/posix/sleeper.h"
#include "port/posix/wake_source.h"
#include "port/waker.h"

namespace pb::posix {

class PosixWaker final : public Waker {
 public:
  PosixWaker(Sleeper& sleeper, WakeSources& sources);
  ~PosixWaker();
  PosixWaker(const PosixWaker&) = delete;
  PosixWaker& operator=(const PosixWaker&) = delete;

  void sleep_until(Millis deadline) override;
  void wake() override;

 private:
  Sleeper& sleeper_;
  WakeSources& sources_;
  int event_fd_;
  std::vector<pollfd> descriptors_;
};

}  // namespace pb::posix
