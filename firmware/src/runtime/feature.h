#pragma once

#include "core/time.h"

namespace pb {

/// One function of the device. Features refer to their ports and to each other; App creates and connects them.
class Feature {
 public:
  /// A literal; it names the feature in warnings.
  virtual const char* name() const = 0;
  /// Does the work that is due, without blocking. Every round of the loop calls this, so a call can come before the
  /// deadline.
  /// @return the deadline of the next call; kNever if only an event requires the next call.
  virtual Millis poll(Millis now) = 0;

 protected:
  ~Feature() = default;
};

}  // namespace pb
