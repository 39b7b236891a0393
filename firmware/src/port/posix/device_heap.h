#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "port/heap.h"
#include "port/mbedtls/tls_memory.h"

namespace pb::posix {

/// The device's heap: an arena of the chip's size in which the App lives and what the network stack would take is
/// really taken, so that free bytes, largest block and all-time minimum mean on the host what they mean on the chip.
/// First fit, with neighbouring free blocks joined. Not for threads: only the loop's thread allocates.
class DeviceHeap final : public Heap, public mbedtls::TlsMemory {
 public:
  static constexpr size_t kAlignment = 16;

  /// @param size bytes of the arena, rounded down to kAlignment
  explicit DeviceHeap(size_t size);

  /// @return nullptr when no block is large enough. The memory is aligned to kAlignment.
  void* allocate(size_t size);
  /// Gives back what allocate returned; nullptr is allowed.
  void release(void* memory) override;
  void* allocate_zeroed(size_t size) override;

  size_t free_bytes() const override { return free_; }
  size_t largest_block() const override;
  size_t minimum_free() const override { return minimum_; }

 private:
  /// Stands before every block, free or used; blocks follow one another without gaps.
  struct alignas(kAlignment) Block {
    size_t size;  ///< bytes behind the header
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
