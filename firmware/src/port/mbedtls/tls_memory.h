#pragma once

#include <stddef.h>

namespace pb::mbedtls {

/// The memory of mbed TLS. The library has one pair of functions for all sessions, so a program has one TlsMemory,
/// which outlives all sessions.
class TlsMemory {
 public:
  /// @return zeroed memory, or nullptr.
  virtual void* allocate_zeroed(size_t size) = 0;
  virtual void release(void* memory) = 0;
  virtual size_t largest_block() const = 0;

  /// Makes the library use `memory` from now on.
  static void install(TlsMemory& memory);
  /// Returns the size of the last failed request since the previous call of this function; 0 if no request failed.
  static size_t take_failed();

 protected:
  ~TlsMemory() = default;
};

}  // namespace pb::mbedtls
