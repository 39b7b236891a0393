#pragma once

#include <stdint.h>

#include "core/time.h"

namespace pb {

/// Edges of input pins, counted in the platform's interrupt handler, even while the loop or the flash is busy. Features
/// run no code in interrupts: they compare counts with earlier ones. Each edge of a watched pin wakes the loop.
class Edges {
 public:
  /// Counts both edges of `pin`, starting from 0. The pin is configured as an input.
  /// @param quiet_ms for presses(): an edge that follows the previous edge in less than this time is a bounce of the
  /// contact
  virtual void watch(int pin, uint32_t quiet_ms) = 0;
  /// Edges since watch(), modulo 2^32.
  virtual uint32_t count(int pin) const = 0;
  /// Presses since watch(), modulo 2^32. A press is an edge of a pin that was low, at least `quiet_ms` after the
  /// previous edge. It counts even if the contact has bounced back by now.
  virtual uint32_t presses(int pin) const = 0;

 protected:
  ~Edges() = default;
};

}  // namespace pb
