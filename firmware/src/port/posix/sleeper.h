#pragma once

#include <poll.h>

#include <vector>

#include "core/time.h"

namespace pb::posix {

/// How a thread lets time pass in the middle of its work.
class Blocker {
 public:
  virtual ~Blocker() = default;

  /// Blocks the caller until it is `device_us`. Interrupt handlers still run.
  virtual void block_until(Micros device_us) = 0;
};

/// How the loop lets time pass. Loop only.
class Sleeper : public Blocker {
 public:
  /// Returns when one of `watched` is ready, or at `deadline` of device time; at once when that has passed.
  virtual void sleep(const std::vector<pollfd>& watched, Millis deadline) = 0;
};

/// `deadline` in us; kNever stays what it is.
constexpr Micros micros_of(Millis deadline) { return deadline < kNever / 1000 ? deadline * 1000 : kNever; }

}  // namespace pb::posix
