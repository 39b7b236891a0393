#pragma once

#include "port/gpio.h"

namespace pb {

/// Pins in memory. drive() runs the handler at once, as an interrupt would.
class FakeGpio final : public Gpio {
 public:
  static constexpr int kPins = 40;

  /// Changes an input from outside.
  void drive(int pin, bool level) {
    Pin& input = pins_[pin];
    input.driven = true;
    if (input.level == level) return;
    input.level = level;
    if (level && input.counting) ++input.pulses;
    const bool wanted = input.edge == Edge::both || (input.edge == Edge::rising) == level;
    if (input.handler != nullptr && wanted) input.handler(input.context);
  }
  void pulse(int pin, int count = 1) {
    for (int i = 0; i < count; ++i) {
      drive(pin, true);
      drive(pin, false);
    }
  }
  /// Changes an input and back before the handler runs.
  void glitch(int pin) {
    Pin& input = pins_[pin];
    if (input.handler != nullptr) input.handler(input.context);
  }
  /// Returns how often the level of an output changed.
  int changes(int pin) const { return pins_[pin].changes; }
  bool attached(int pin) const { return pins_[pin].handler != nullptr; }
  /// Called before each write takes effect and after each read, so that a test can change an input at that moment.
  void (*before_write)(void* context, int pin, bool level) = nullptr;
  void (*after_read)(void* context, int pin) = nullptr;
  void* hook_context = nullptr;

  void configure(int pin, PinMode mode) override {
    // An undriven wire follows its pull resistor.
    if (mode != PinMode::output && !pins_[pin].driven) pins_[pin].level = mode == PinMode::input_pull_up;
  }
  bool read(int pin) const override {
    const bool level = pins_[pin].level;
    if (after_read != nullptr) after_read(hook_context, pin);
    return level;
  }
  void write(int pin, bool level) override {
    if (before_write != nullptr) before_write(hook_context, pin, level);
    if (pins_[pin].level != level) ++pins_[pin].changes;
    pins_[pin].level = level;
  }
  void attach(int pin, Edge edge, Handler handler, void* context) override {
    pins_[pin].edge = edge;
    pins_[pin].handler = handler;
    pins_[pin].context = context;
  }
  void detach(int pin) override { pins_[pin].handler = nullptr; }
  void count_pulses(int pin) override {
    pins_[pin].counting = true;
    pins_[pin].pulses = 0;
  }
  uint32_t pulses(int pin) const override { return pins_[pin].pulses; }

 private:
  struct Pin {
    bool level = false;
    bool driven = false;
    bool counting = false;
    uint32_t pulses = 0;
    int changes = 0;
    Edge edge = Edge::both;
    Handler handler = nullptr;
    void* context = nullptr;
  };
  Pin pins_[kPins];
};

}  // namespace pb
