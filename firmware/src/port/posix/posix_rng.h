#pragma once

#include <sys/random.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <random>

#include "port/rng.h"

namespace pb::posix {

class PosixRng : public Rng {
 public:
  virtual ~PosixRng() = default;
};

/// Random numbers of the kernel.
class KernelRng final : public PosixRng {
 public:
  uint32_t next() override {
    uint32_t value = 0;
    // The kernel always fills a request of four bytes once its pool is initialized, and that is before programs run.
    while (getrandom(&value, sizeof value, 0) != sizeof value) {
    }
    return value;
  }
};

/// The same numbers for the same seed, so that a run can be repeated.
class SeededRng final : public PosixRng {
 public:
  explicit SeededRng(uint64_t seed) : generator_(seed) {}
  uint32_t next() override { return static_cast<uint32_t>(generator_() >> 32); }

 private:
  std::mt19937_64 generator_;  // the standard defines its sequence
};

/// @param seed none: random numbers of the kernel
inline std::unique_ptr<PosixRng> make_rng(std::optional<uint64_t> seed) {
  if (seed) return std::make_unique<SeededRng>(*seed);
  return std::make_unique<KernelRng>();
}

}  // namespace pb::posix
