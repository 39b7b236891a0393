#pragma once

#include "core/time.h"

namespace pb {

/// One function of the device. Features refer to their ports and to each other; App creates and connects them.
class Feature {
 public:
  /// A literal; it names the feature in warnings.
  virtual const char* name() const = 0;
  /// Does the work that is due, without blocking. Called after each wake of the loop, so perhaps before the deadline.
  /// @return the deadline of the next call; kNever when only an event can require one.
  virtual Millis poll(Millis now) = 0;

 protected:
  ~Feature() = default;
};

}  // namespace pb
