#pragma once

#include <initializer_list>

#include "features/board/pins.h"
#include "port/edges.h"

namespace pb {

/// Presses of the button and moves of the bolt between two rounds of the loop. The port counts edges in its interrupt
/// handler and wakes the loop. The port detects bounces at the edges, so that a delayed loop does not mistake a press
/// for a bounce.
class InputEvents {
 public:
  /// Contacts bounce on press and on release: an edge within this time belongs to the previous one.
  static constexpr Millis kDebounce = 50;

  explicit InputEvents(Edges& edges) : edges_(edges) {
    for (int pin : {pins::kCable, pins::kVehicleReady, pins::kPowerFail, pins::kLockFeedback}) edges_.watch(pin, 0);
    edges_.watch(pins::kAuthButton, kDebounce);
  }

  /// Whether the button went down since the last call.
  bool take_button() { return take(edges_.presses(pins::kAuthButton), presses_); }
  /// Whether the lock's feedback contact has changed since the last call, even if it is back at the same level.
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
