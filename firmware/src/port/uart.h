#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/span.h"

namespace pb {

/// A serial port that never blocks: what is written waits in a ring that the hardware empties.
class Uart {
 public:
  /// Takes all of `bytes` or, when the ring has no room for them, none: half a line would be worse than none.
  /// @return false when they were dropped; dropped() has counted them then.
  virtual bool write(Bytes bytes) = 0;
  /// Once it has returned 0, what comes in ends the loop's sleep. Who leaves off before that looks again by itself.
  /// @return bytes put into `into`, 0 when none have come in.
  virtual size_t read(MutableBytes into) = 0;
  /// Bytes dropped since the start, because the reader at the other end was slower than the writer.
  virtual uint32_t dropped() const = 0;

 protected:
  ~Uart() = default;
};

}  // namespace pb
