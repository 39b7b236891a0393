#pragma once

#include <atomic>
#include <initializer_list>

#include "features/board/pins.h"
#include "port/clock.h"
#include "port/gpio.h"
#include "port/waker.h"

namespace pb {

/// Wakes the loop when an input of the charging session changes, and remembers what is shorter than a round of the
/// loop: a press of the button, and a move of the bolt. Bounces are told from presses at the edges: a loop that comes
/// late makes no bounce of the next press.
class InputEvents {
 public:
  /// Contacts bounce, when they are pressed and when they are let go: an edge within this time of the one before
  /// belongs to that.
  static constexpr Millis kDebounce = 50;

  InputEvents(Gpio& gpio, const Clock& clock, Waker& waker)
      : gpio_(gpio),
        clock_(clock),
        waker_(waker),
        down_(gpio.read(pins::kAuthButton)),
        last_edge_(static_cast<uint32_t>(clock.now() - kDebounce)) {
    for (int pin : {pins::kCable, pins::kVehicleReady, pins::kPowerFail}) {
      gpio_.attach(pin, Edge::both, [](void* self) { static_cast<InputEvents*>(self)->waker_.wake(); }, this);
    }
    gpio_.attach(
        pins::kLockFeedback, Edge::both, [](void* self) { static_cast<InputEvents*>(self)->bolt_moved(); }, this);
    gpio_.attach(
        pins::kAuthButton, Edge::both, [](void* self) { static_cast<InputEvents*>(self)->button_moved(); }, this);
  }
  ~InputEvents() {
    for (int pin : {pins::kCable, pins::kVehicleReady, pins::kPowerFail, pins::kLockFeedback, pins::kAuthButton}) {
      gpio_.detach(pin);
    }
  }
  InputEvents(const InputEvents&) = delete;
  InputEvents& operator=(const InputEvents&) = delete;

  /// Whether the button went down since the last call.
  bool take_button() { return button_.exchange(false); }
  /// Whether the lock's feedback contact moved since the last call, wherever it is by now.
  bool take_bolt_move() { return bolt_moved_.exchange(false); }

 private:
  /// In interrupt context, as all handlers.
  void bolt_moved() {
    bolt_moved_.store(true);
    waker_.wake();
  }
  void button_moved() {
    // 32 bits are what an interrupt handler can exchange at once on the chip; they come round in 49 days.
    const uint32_t now = static_cast<uint32_t>(clock_.now());
    const bool was_quiet = now - last_edge_.exchange(now) >= kDebounce;
    // The first edge after a quiet time is a press where the button was up, whatever it has bounced to by now.
    const bool was_down = down_.exchange(gpio_.read(pins::kAuthButton));
    if (!was_quiet || was_down) return;
    button_.store(true);
    waker_.wake();
  }

  Gpio& gpio_;
  const Clock& clock_;
  Waker& waker_;
  std::atomic<bool> button_{false};
  std::atomic<bool> bolt_moved_{false};
  std::atomic<bool> down_;  // as the last edge left it
  std::atomic<uint32_t> last_edge_;
};

}  // namespace pb
