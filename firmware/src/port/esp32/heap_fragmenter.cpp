#include "port/esp32/heap_fragmenter.h"

#include <stdlib.h>

namespace pb::esp32 {

void HeapFragmenter::limit(size_t largest) {
  release(separators_);
  if (largest < sizeof(Block)) return;
  // The first separators land in holes elsewhere, so it takes several rounds until there is one between any two gaps.
  for (bool grows = true; grows && heap_.largest_block() > largest;) {
    grows = false;
    // The gaps stay allocated until the end of the round, so that no separator is allocated inside one.
    Block* gaps = nullptr;
    while (heap_.largest_block() > largest && add(gaps, largest) && add(separators_, sizeof(Block))) grows = true;
    release(gaps);
  }
}

bool HeapFragmenter::add(Block*& list, size_t size) {
  void* memory = malloc(size);
  if (memory == nullptr) return false;
  auto* block = static_cast<Block*>(memory);
  block->next = list;
  list = block;
  return true;
}

void HeapFragmenter::release(Block*& list) {
  while (list != nullptr) {
    Block* next = list->next;
    free(list);
    list = next;
  }
}

}  // namespace pb::esp32
