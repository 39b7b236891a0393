#pragma once

#include <stddef.h>

namespace pb {

/// The chip's heap, for telemetry. After the start only the network stack allocates.
class Heap {
 public:
  /// Bytes free now, in all blocks together.
  virtual size_t free_bytes() const = 0;
  /// The largest allocation that would succeed now: less than free_bytes() if the heap is fragmented.
  virtual size_t largest_block() const = 0;
  /// The minimum of free_bytes since the boot.
  virtual size_t minimum_free() const = 0;

 protected:
  ~Heap() = default;
};

}  // namespace pb
