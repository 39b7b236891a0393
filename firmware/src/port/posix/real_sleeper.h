#pragma once

#include "port/posix/real_clock.h"
#include "port/posix/sleeper.h"

namespace pb::posix {

/// Sleeps in real time.
class RealSleeper final : public Sleeper {
 public:
  explicit RealSleeper(const RealClock& clock) : clock_(clock) {}

  void sleep(const std::vector<pollfd>& watched, Millis deadline) override;
  void block_until(Micros device_us) override;

 private:
  const RealClock& clock_;
};

}  // namespace pb::posix
