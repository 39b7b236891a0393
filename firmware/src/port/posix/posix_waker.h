#pragma once

#include <poll.h>

#include <vector>

#include "port/posix/posix_clock.h"
#include "port/waker.h"

namespace pb::posix {

/// Something the sleeping loop also waits for.
class WakeSource {
 public:
  /// Adds the descriptors whose readiness ends the sleep.
  virtual void watch(std::vector<pollfd>& descriptors) = 0;
  /// When the source itself has something to do, in device time.
  virtual Millis deadline() { return kNever; }

 protected:
  ~WakeSource() = default;
};

class PosixWaker final : public Waker {
 public:
  explicit PosixWaker(PosixClock& clock);
  ~PosixWaker();
  PosixWaker(const PosixWaker&) = delete;
  PosixWaker& operator=(const PosixWaker&) = delete;

  /// `source` outlives the waker's last sleep.
  void add(WakeSource& source) { sources_.push_back(&source); }

  void sleep_until(Millis deadline) override;
  void wake() override;

 private:
  PosixClock& clock_;
  int event_fd_;
  std::vector<WakeSource*> sources_;
  std::vector<pollfd> descriptors_;
};

}  // namespace pb::posix
