#pragma once

#include "core/time.h"

namespace pb {

/// One thing the device does. Features know their ports and each other by reference and meet in the composition root.
class Feature {
 public:
  /// A literal; it names the feature in warnings.
  virtual const char* name() const = 0;
  /// Does what is due, without blocking. Called after each wake of the loop, so it may come before the deadline asked
  /// for.
  /// @return when it wants to be called at the latest; kNever when only an event can give it work.
  virtual Millis poll(Millis now) = 0;

 protected:
  ~Feature() = default;
};

}  // namespace pb
