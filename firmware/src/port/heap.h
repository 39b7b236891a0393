#pragma once

#include <stddef.h>

namespace pb {

/// What the telemetry tells about the chip's heap. Nothing of ours allocates after start-up; the network stack does.
class Heap {
 public:
  /// Bytes free now, in all blocks together.
  virtual size_t free_bytes() const = 0;
  /// The largest single allocation that would succeed now: plenty of free bytes in crumbs are of no use.
  virtual size_t largest_block() const = 0;
  /// The least that free_bytes has ever been since the start.
  virtual size_t minimum_free() const = 0;

 protected:
  ~Heap() = default;
};

}  // namespace pb
