#pragma once

#include "core/time.h"

namespace pb {

/// The sleep of the loop. Its owner is the task of the loop: only the owner sleeps, but any code may wake it. Ports
/// with events for the loop (Network, Worker, Interlock, Edges) get the waker and call wake().
class Waker {
 public:
  /// Returns at `deadline`, after wake(), or on an event of a port: progress of a socket, input on the UART, a change
  /// of the network, the end of a job. It may also return early. For a deadline in the past it returns at once: do not
  /// use an unsigned `deadline - now`.
  virtual void sleep_until(Millis deadline) = 0;
  /// Ends the current sleep, or makes the next one end at once. Any task or interrupt handler may call it, with one
  /// exception: a handler that runs while flash is erased or programmed calls the port's own function
  /// (EspWaker::wake_from_interrupt), because the virtual table lies in flash.
  virtual void wake() = 0;

 protected:
  ~Waker() = default;
};

}  // namespace pb
