#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "port/heap.h"
#include "port/mbedtls/tls_memory.h"

namespace pb::posix {

/// The device's heap: an arena of the chip's size. The App is in it, and the memory that the network stack would use is
/// really allocated, so that free bytes, largest block and minimum have the same meaning as on the chip. First fit,
/// with adjacent free blocks joined. Not thread-safe: only the loop's thread allocates.
class DeviceHeap final : public Heap, public mbedtls::TlsMemory {
 public:
  static constexpr size_t kAlignment = 16;

  /// @param size bytes of the arena, rounded down to kAlignment
  explicit DeviceHeap(size_t size);

  /// @return nullptr when no block is large enough. The memory is aligned to kAlignment.
  void* allocate(size_t size);
  /// Frees a block that allocate() returned; nullptr is allowed.
  void release(void* memory) override;
  void* allocate_zeroed(size_t size) override;

  size_t free_bytes() const override { return free_; }
  size_t largest_block() const override;
  size_t minimum_free() const override { return minimum_; }

 private:
  /// Precedes every block, free or used; blocks are contiguous.
  struct alignas(kAlignment) Block {
    size_t size;  ///< bytes after the header
    bool used;
  };

  Block* first() const;
  Block* after(const Block* block) const;

  size_t size_;
  std::unique_ptr<std::byte[]> arena_;
  std::byte* start_;
  size_t free_ = 0;
  size_t minimum_ = 0;
};

}  // namespace pb::posix
