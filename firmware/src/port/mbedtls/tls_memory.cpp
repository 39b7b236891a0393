#include "port/mbedtls/tls_memory.h"

#include <mbedtls/platform.h>
#include <stdint.h>

namespace pb::mbedtls {

namespace {

// A global, because mbed TLS passes no context to the functions for its memory.
struct Installed {
  TlsMemory* memory = nullptr;
  size_t failed = 0;
};

Installed& installed() {
  static Installed one;
  return one;
}

void* allocate(size_t count, size_t size) {
  if (size != 0 && count > SIZE_MAX / size) return nullptr;
  void* memory = installed().memory->allocate_zeroed(count * size);
  if (memory == nullptr) installed().failed = count * size;
  return memory;
}

void give_back(void* memory) { installed().memory->release(memory); }

}  // namespace

void TlsMemory::install(TlsMemory& memory) {
  installed() = {&memory, 0};
  mbedtls_platform_set_calloc_free(&allocate, &give_back);
}

size_t TlsMemory::take_failed() {
  const size_t failed = installed().failed;
  installed().failed = 0;
  return failed;
}

}  // namespace pb::mbedtls
