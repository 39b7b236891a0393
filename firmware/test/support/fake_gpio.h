#pragma once

#include "port/gpio.h"

namespace pb {

/// Pins in memory. drive() runs the handler at once, as an interrupt would.
class FakeGpio final : public Gpio {
 public:
  static constexpr int kPins = 40;

  /// A handler of a fake that replaces the platform's.
  struct Handler {
    void (*call)(void* context, int pin, bool level) = nullptr;
    void* context = nullptr;
  };
  void attach(int pin, Handler handler) { pins_[pin].handler = handler; }

  /// Changes an input from outside.
  void drive(int pin, bool level) {
    Pin& input = pins_[pin];
    input.driven = true;
    if (input.level == level) return;
    input.level = level;
    if (level && input.counting) ++input.pulses;
    run_handler(pin);
  }
  void pulse(int pin, int count = 1) {
    for (int i = 0; i < count; ++i) {
      drive(pin, true);
      drive(pin, false);
    }
  }
  /// Changes an input and back before the handler runs.
  void glitch(int pin) { run_handler(pin); }
  /// Returns how often the level of an output changed.
  int changes(int pin) const { return pins_[pin].changes; }
  /// Called before each write takes effect.
  void (*before_write)(void* context, int pin, bool level) = nullptr;
  void* hook_context = nullptr;

  void configure(int pin, PinMode mode) override {
    // An undriven wire follows its pull resistor.
    if (mode != PinMode::output && !pins_[pin].driven) pins_[pin].level = mode == PinMode::input_pull_up;
  }
  bool read(int pin) const override { return pins_[pin].level; }
  void write(int pin, bool level) override {
    if (before_write != nullptr) before_write(hook_context, pin, level);
    if (pins_[pin].level != level) ++pins_[pin].changes;
    pins_[pin].level = level;
  }
  void count_pulses(int pin) override {
    pins_[pin].counting = true;
    pins_[pin].pulses = 0;
  }
  uint32_t pulses(int pin) const override { return pins_[pin].pulses; }

 private:
  void run_handler(int pin) {
    const Handler& handler = pins_[pin].handler;
    if (handler.call != nullptr) handler.call(handler.context, pin, pins_[pin].level);
  }

  struct Pin {
    bool level = false;
    bool driven = false;
    bool counting = false;
    uint32_t pulses = 0;
    int changes = 0;
    Handler handler;
  };
  Pin pins_[kPins];
};

}  // namespace pb
