#pragma once

#include <poll.h>

#include <vector>

#include "core/time.h"

namespace pb::posix {

/// Blocks a thread in the middle of its work.
class Blocker {
 public:
  virtual ~Blocker() = default;

  /// Blocks the caller until `device_us` of device time. Interrupt handlers still run.
  virtual void block_until(Micros device_us) = 0;
};

/// The sleep of the loop. Loop only.
class Sleeper : public Blocker {
 public:
  /// Returns when one of `watched` is ready, or at `deadline` of device time; at once for a deadline in the past.
  virtual void sleep(const std::vector<pollfd>& watched, Millis deadline) = 0;
};

/// Converts `deadline` to us; kNever stays kNever.
constexpr Micros micros_of(Millis deadline) { return deadline < kNever / 1000 ? deadline * 1000 : kNever; }

}  // namespace pb::posix
