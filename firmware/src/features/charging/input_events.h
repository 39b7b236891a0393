#pragma once

#include <initializer_list>

#include "features/board/pins.h"
#include "port/edges.h"

namespace pb {

/// What happened at the inputs of the charging session between two rounds of the loop: a press of the button, and a
/// move of the bolt. The port counts edges in its interrupt handler and wakes the loop. It recognizes bounces at the
/// edges, so a loop that comes late takes no press for a bounce.
class InputEvents {
 public:
  /// Contacts bounce, when they are pressed and when they are let go: an edge within this time of the one before
  /// belongs to that.
  static constexpr Millis kDebounce = 50;

  explicit InputEvents(Edges& edges) : edges_(edges) {
    for (int pin : {pins::kCable, pins::kVehicleReady, pins::kPowerFail, pins::kLockFeedback}) edges_.watch(pin, 0);
    edges_.watch(pins::kAuthButton, kDebounce);
  }

  /// Whether the button went down since the last call.
  bool take_button() { return take(edges_.presses(pins::kAuthButton), presses_); }
  /// Whether the lock's feedback contact moved since the last call, wherever it is by now.
  bool take_bolt_move() { return take(edges_.count(pins::kLockFeedback), bolt_edges_); }

 private:
  static bool take(uint32_t count, uint32_t& seen) {
    const bool has_changed = count != seen;
    seen = count;
    return has_changed;
  }

  Edges& edges_;
  uint32_t presses_ = 0;
  uint32_t bolt_edges_ = 0;
};

}  // namespace pb
