#pragma once

#include "port/heap.h"

namespace pb::esp32 {

/// Crumbles the heap for tests: small blocks that stay, as far apart as the largest free block may be.
class HeapCrumbler {
 public:
  explicit HeapCrumbler(const Heap& heap) : heap_(heap) {}
  ~HeapCrumbler() { release(walls_); }
  HeapCrumbler(const HeapCrumbler&) = delete;
  HeapCrumbler& operator=(const HeapCrumbler&) = delete;

  /// @param largest of a free block, in bytes; 0 takes it back
  void limit(size_t largest);

 private:
  struct Block {
    Block* next;
  };

  static bool add(Block*& list, size_t size);
  static void release(Block*& list);

  const Heap& heap_;
  Block* walls_ = nullptr;
};

}  // namespace pb::esp32
