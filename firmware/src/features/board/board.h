#pragma once

#include <stdint.h>

#include "features/board/pins.h"
#include "port/gpio.h"

namespace pb {

/// An input pin; true is the state that the signal's name describes.
class Input {
 public:
  Input(Gpio& gpio, int pin, PinMode mode) : gpio_(gpio), pin_(pin) { gpio_.configure(pin, mode); }
  bool read() const { return gpio_.read(pin_); }

 private:
  Gpio& gpio_;
  int pin_;
};

/// An output pin, initially low.
class Output {
 public:
  Output(Gpio& gpio, int pin) : gpio_(gpio), pin_(pin) {
    gpio_.configure(pin, PinMode::output);
    gpio_.write(pin, false);
  }
  void set(bool level) {
    if (level == level_) return;
    level_ = level;
    gpio_.write(pin_, level);
  }
  bool level() const { return level_; }

 private:
  Gpio& gpio_;
  int pin_;
  bool level_ = false;
};

/// S0 energy pulses, counted by the port even while the loop is busy.
class PulseCounter {
 public:
  PulseCounter(Gpio& gpio, int pin) : gpio_(gpio), pin_(pin) {
    gpio_.configure(pin, PinMode::input_pull_down);
    gpio_.count_pulses(pin);
  }
  /// Pulses since the boot, modulo 2^32.
  uint32_t count() const { return gpio_.pulses(pin_); }

 private:
  Gpio& gpio_;
  int pin_;
};

/// The board's signals by name, except contactor and emergency stop, which only port/interlock.h uses.
/// `power_fail` and `lock_feedback` need resistors in the wiring on every board (docs/wiring.md): no pull is used
/// there, because GPIO 34 and 35 of an ESP32 have none.
struct Board {
  explicit Board(Gpio& gpio)
      : cable(gpio, pins::kCable, PinMode::input_pull_down),
        vehicle_ready(gpio, pins::kVehicleReady, PinMode::input_pull_down),
        auth_button(gpio, pins::kAuthButton, PinMode::input_pull_down),
        power_fail(gpio, pins::kPowerFail, PinMode::input),
        lock_feedback(gpio, pins::kLockFeedback, PinMode::input),
        meter(gpio, pins::kMeterPulse),
        led_status(gpio, pins::kLedStatus),
        led_network(gpio, pins::kLedNetwork),
        led_fault(gpio, pins::kLedFault),
        lock(gpio, pins::kLock) {}

  Input cable;
  Input vehicle_ready;
  Input auth_button;
  Input power_fail;
  Input lock_feedback;
  PulseCounter meter;
  Output led_status;
  Output led_network;
  Output led_fault;
  Output lock;
};

}  // namespace pb
