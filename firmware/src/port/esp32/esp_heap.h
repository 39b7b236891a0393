#pragma once

#include <esp_heap_caps.h>

#include "port/heap.h"

namespace pb::esp32 {

/// What malloc() can give. ESP-IDF: API reference, System, "Heap Memory Allocation" and "Heap Memory Debugging".
class EspHeap final : public Heap {
 public:
  size_t free_bytes() const override { return heap_caps_get_free_size(MALLOC_CAP_DEFAULT); }
  size_t largest_block() const override { return heap_caps_get_largest_free_block(MALLOC_CAP_DEFAULT); }
  size_t minimum_free() const override { return heap_caps_get_minimum_free_size(MALLOC_CAP_DEFAULT); }
};

}  // namespace pb::esp32
