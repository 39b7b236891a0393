#pragma once

#include <stdint.h>

#include "core/time.h"

namespace pb {

/// Edges of input pins, counted in the platform's own interrupt handler, also while the loop or the flash is busy. No
/// code of a feature runs in an interrupt: features compare counts with those they have seen. Each edge of a watched
/// pin wakes the loop.
class Edges {
 public:
  /// Counts `pin` from 0 from now on, both edges. The pin is configured as an input.
  /// @param quiet_ms for presses(); contacts bounce, so an edge within this time of the one before belongs to that one
  virtual void watch(int pin, uint32_t quiet_ms) = 0;
  /// Edges since watch(), modulo 2^32.
  virtual uint32_t count(int pin) const = 0;
  /// Presses since watch(), modulo 2^32: edges after `quiet_ms` without an edge that found the pin low, as the edge
  /// before it had left the pin. Such an edge is a press whatever level the contact has bounced to by now.
  virtual uint32_t presses(int pin) const = 0;

 protected:
  ~Edges() = default;
};

}  // namespace pb
