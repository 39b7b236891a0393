#include "port/esp32/heap_crumbler.h"

#include <stdlib.h>

namespace pb::esp32 {

void HeapCrumbler::limit(size_t largest) {
  release(walls_);
  if (largest < sizeof(Block)) return;
  // Walls fill holes elsewhere first, so that it takes several rounds until all of them lie between two gaps.
  for (bool grows = true; grows && heap_.largest_block() > largest;) {
    grows = false;
    // The gaps are held until all walls of the round stand, so that no wall comes to lie in one.
    Block* gaps = nullptr;
    while (heap_.largest_block() > largest && add(gaps, largest) && add(walls_, sizeof(Block))) grows = true;
    release(gaps);
  }
}

bool HeapCrumbler::add(Block*& list, size_t size) {
  void* memory = malloc(size);
  if (memory == nullptr) return false;
  auto* block = static_cast<Block*>(memory);
  block->next = list;
  list = block;
  return true;
}

void HeapCrumbler::release(Block*& list) {
  while (list != nullptr) {
    Block* next = list->next;
    free(list);
    list = next;
  }
}

}  // namespace pb::esp32
