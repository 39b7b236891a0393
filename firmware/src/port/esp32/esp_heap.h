#pragma once

#include <esp_heap_caps.h>
#include <stdlib.h>

#include "port/heap.h"
#include "port/mbedtls/tls_memory.h"

namespace pb::esp32 {

/// The heap of malloc(), from which mbed TLS allocates. ESP-IDF: API reference, System, "Heap Memory Allocation" and
/// "Heap Memory Debugging".
class EspHeap final : public Heap, public mbedtls::TlsMemory {
 public:
  size_t free_bytes() const override { return heap_caps_get_free_size(MALLOC_CAP_DEFAULT); }
  size_t largest_block() const override { return heap_caps_get_largest_free_block(MALLOC_CAP_DEFAULT); }
  size_t minimum_free() const override { return heap_caps_get_minimum_free_size(MALLOC_CAP_DEFAULT); }

  void* allocate_zeroed(size_t size) override { return calloc(1, size); }
  void release(void* memory) override { free(memory); }
};

}  // namespace pb::esp32
