#pragma once

#include <sys/random.h>

#include "port/rng.h"

namespace pb::posix {

/// The kernel's randomness.
class PosixRng final : public Rng {
 public:
  uint32_t next() override {
    uint32_t value = 0;
    // Four bytes are always given whole once the kernel's pool is ready, and it is when programs run.
    while (getrandom(&value, sizeof value, 0) != sizeof value) {
    }
    return value;
  }
};

}  // namespace pb::posix
