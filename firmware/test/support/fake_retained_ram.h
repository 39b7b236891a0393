#pragma once

#include <string.h>

#include "port/retained_ram.h"

namespace pb {

/// Memory that survives until the test makes it lose its power.
class FakeRetainedRam final : public RetainedRam {
 public:
  FakeRetainedRam() { lose_power(); }

  /// Leaves arbitrary content, the same each time.
  void lose_power() { memset(bytes_, 0xA7, sizeof bytes_); }

  MutableBytes bytes() override { return bytes_; }

 private:
  alignas(8) uint8_t bytes_[kSize];
};

}  // namespace pb
