#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/span.h"

namespace pb {

/// A serial port that never blocks: output is buffered in a ring that the hardware empties.
class Uart {
 public:
  /// Writes all of `bytes`, or none when the ring has no room for them: no line is truncated.
  /// @return false when they were dropped and counted in dropped()
  virtual bool write(Bytes bytes) = 0;
  /// Returns the number of bytes that write() accepts now.
  virtual size_t space() = 0;
  /// New input ends the loop's sleep only after a call has returned 0. A caller that leaves input unread has to poll
  /// again by itself.
  /// @return the number of bytes in `into`, 0 without input.
  virtual size_t read(MutableBytes into) = 0;
  /// Bytes dropped since the boot, because the other end read too slowly.
  virtual uint32_t dropped() const = 0;

 protected:
  ~Uart() = default;
};

}  // namespace pb
