#pragma once

#include "core/time.h"

namespace pb {

/// How the loop sleeps. It has one owner, the task of the loop: only the owner sleeps, everybody may wake it. Ports
/// that have news for the loop (Network, Worker, Interlock, Edges) are given the waker and call wake().
class Waker {
 public:
  /// Returns at `deadline`, after wake(), or when a port has something to report: a socket that got on, input on the
  /// UART, a change of the network, a job that has ended. It may return early for no reason. A deadline that has passed
  /// returns at once: a platform must not take an unsigned `deadline - now` for the time that is left.
  virtual void sleep_until(Millis deadline) = 0;
  /// Ends the sleep under way, or the next one at once. Legal in an interrupt, also while flash is erased or
  /// programmed: on a chip a task notification, which lies in RAM, and no event object, which does not.
  virtual void wake() = 0;

 protected:
  ~Waker() = default;
};

}  // namespace pb
