#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/span.h"

namespace pb {

enum class FlashResult : uint8_t { ok, out_of_range, unaligned, failed };

/// A region of NOR flash: one partition, or the whole chip. Offsets are bytes from its start. Every call blocks until
/// the flash is done, an erase for tens of milliseconds (400 in the worst case): writers run in a Worker.
class Flash {
 public:
  /// What one erase sets to ones.
  static constexpr size_t kSectorSize = 4096;
  /// Programs start at a multiple of this and are a multiple of it long.
  static constexpr size_t kProgramSize = 16;

  /// Bytes of the region, a multiple of kSectorSize.
  virtual size_t size() const = 0;
  virtual FlashResult read(size_t offset, MutableBytes into) = 0;
  /// Clears the bits that are 0 in `bytes`; a bit that is 0 already stays 0, as NOR flash does.
  virtual FlashResult program(size_t offset, Bytes bytes) = 0;
  /// Sets every bit of the sector that starts at `offset`.
  virtual FlashResult erase(size_t offset) = 0;
  /// A test bench makes the storage behave as if there were no space left; a chip never says so.
  virtual bool claims_full() const { return false; }

 protected:
  ~Flash() = default;
};

}  // namespace pb
