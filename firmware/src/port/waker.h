#pragma once

#include "core/time.h"

namespace pb {

/// How the loop sleeps.
class Waker {
 public:
  /// Returns at `deadline`, after wake(), or when a port has something to tell: a socket that got on, input on the
  /// UART, a change of the network, a job that has ended. It may return early for no reason.
  virtual void sleep_until(Millis deadline) = 0;
  /// Ends the sleep under way, or the next one at once. Safe in interrupt context.
  virtual void wake() = 0;

 protected:
  ~Waker() = default;
};

}  // namespace pb
