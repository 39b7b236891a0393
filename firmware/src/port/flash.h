#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/span.h"

namespace pb {

enum class FlashResult : uint8_t { ok, out_of_range, unaligned, failed };

/// A region of NOR flash: one partition, or the whole chip. Offsets are bytes from its start. Every call blocks until
/// the flash is ready. An erase takes tens of milliseconds, at most 400, so write in jobs of a Worker.
class Flash {
 public:
  /// The unit of erase().
  static constexpr size_t kSectorSize = 4096;
  /// Offset and length of a program are multiples of this.
  static constexpr size_t kProgramSize = 16;

  /// Bytes of the region, a multiple of kSectorSize.
  virtual size_t size() const = 0;
  virtual FlashResult read(size_t offset, MutableBytes into) = 0;
  /// Clears the bits that are 0 in `bytes`; a bit that is already 0 stays 0, as in NOR flash.
  virtual FlashResult program(size_t offset, Bytes bytes) = 0;
  /// Sets every bit of the sector that starts at `offset`.
  virtual FlashResult erase(size_t offset) = 0;
  /// Whether a test bench simulates a storage without free space; always false on a chip.
  virtual bool claims_full() const { return false; }

 protected:
  ~Flash() = default;
};

}  // namespace pb
