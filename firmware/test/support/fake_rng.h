#pragma once

#include "port/rng.h"

namespace pb {

/// Gives the same numbers in each run (xorshift32), or one constant number, where a test needs a bound.
class FakeRng final : public Rng {
 public:
  explicit FakeRng(uint32_t seed = 2463534242u) : state_(seed) {}
  void always(uint32_t value) {
    fixed_ = true;
    state_ = value;
  }
  uint32_t next() override {
    if (fixed_) return state_;
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_;
  }

 private:
  uint32_t state_;
  bool fixed_ = false;
};

}  // namespace pb
