#pragma once

#include <stdint.h>

namespace pb {

enum class PinMode : uint8_t { input_pull_down, input_pull_up, output };
enum class Edge : uint8_t { rising, falling, both };

/// The chip's pins, by GPIO number.
class Gpio {
 public:
  /// Runs in interrupt context, also while flash is erased or programmed: it may touch atomics, call
  /// Gpio::read, Gpio::write, Clock::now and Waker::wake, and nothing else.
  using Handler = void (*)(void* context);

  virtual void configure(int pin, PinMode mode) = 0;
  virtual bool read(int pin) const = 0;
  /// Safe in interrupt context.
  virtual void write(int pin, bool level) = 0;
  /// One handler a pin; `context` must outlive the port or be detached.
  virtual void attach(int pin, Edge edge, Handler handler, void* context) = 0;
  virtual void detach(int pin) = 0;

  /// Counts rising edges of `pin` in hardware from now on; the loop may be busy.
  virtual void count_pulses(int pin) = 0;
  /// Edges counted since count_pulses, modulo 2^32.
  virtual uint32_t pulses(int pin) const = 0;

 protected:
  ~Gpio() = default;
};

}  // namespace pb
