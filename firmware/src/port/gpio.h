#pragma once

#include <stdint.h>

namespace pb {

/// `input` has no pull. It is for pins without a pull on the chip (GPIO 34 to 39 of an ESP32), or with a resistor on
/// the board.
enum class PinMode : uint8_t { input, input_pull_down, input_pull_up, output };

/// The chip's pins, by GPIO number. Edges counts edges; Interlock has the contactor and the emergency stop.
class Gpio {
 public:
  virtual void configure(int pin, PinMode mode) = 0;
  virtual bool read(int pin) const = 0;
  virtual void write(int pin, bool level) = 0;

  /// Counts rising edges of `pin` from now on, even while the loop is busy: in hardware if the chip has a counter,
  /// otherwise in the platform's interrupt handler.
  virtual void count_pulses(int pin) = 0;
  /// Edges since count_pulses, modulo 2^32 on every platform.
  virtual uint32_t pulses(int pin) const = 0;

 protected:
  ~Gpio() = default;
};

}  // namespace pb
