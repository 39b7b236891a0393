#pragma once

#include "port/heap.h"

namespace pb::esp32 {

/// Fragments the heap for tests: small allocated blocks separate free blocks of a limited size.
class HeapFragmenter {
 public:
  explicit HeapFragmenter(const Heap& heap) : heap_(heap) {}
  ~HeapFragmenter() { release(separators_); }
  HeapFragmenter(const HeapFragmenter&) = delete;
  HeapFragmenter& operator=(const HeapFragmenter&) = delete;

  /// @param largest the size of the largest free block, in bytes; 0 removes the limit
  void limit(size_t largest);

 private:
  struct Block {
    Block* next;
  };

  static bool add(Block*& list, size_t size);
  static void release(Block*& list);

  const Heap& heap_;
  Block* separators_ = nullptr;
};

}  // namespace pb::esp32
