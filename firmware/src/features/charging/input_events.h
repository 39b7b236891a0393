#pragma once

#include <atomic>
#include <initializer_list>

#include "features/board/pins.h"
#include "port/gpio.h"
#include "port/waker.h"

namespace pb {

/// Wakes the loop when an input of the charging session changes, and remembers a press of the button that is shorter
/// than a round of the loop.
class InputEvents {
 public:
  InputEvents(Gpio& gpio, Waker& waker) : gpio_(gpio), waker_(waker) {
    for (int pin : {pins::kCable, pins::kVehicleReady, pins::kPowerFail, pins::kLockFeedback}) {
      gpio_.attach(pin, Edge::both, [](void* self) { static_cast<InputEvents*>(self)->waker_.wake(); }, this);
    }
    gpio_.attach(
        pins::kAuthButton, Edge::rising,
        [](void* self) {
          static_cast<InputEvents*>(self)->button_.store(true);
          static_cast<InputEvents*>(self)->waker_.wake();
        },
        this);
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

 private:
  Gpio& gpio_;
  Waker& waker_;
  std::atomic<bool> button_{false};
};

}  // namespace pb
