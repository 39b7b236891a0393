#pragma once

#include <vector>

#include "port/power.h"

namespace pb {

/// A chip that keeps the modes it has got.
class FakePower final : public Power {
 public:
  std::vector<PowerMode> modes;
  std::vector<uint32_t> brownouts;
  bool rejects = false;

  bool apply(const PowerMode& mode) override {
    modes.push_back(mode);
    return !rejects;
  }
  uint32_t set_brownout(uint32_t millivolts) override {
    brownouts.push_back(millivolts);
    return millivolts;
  }
};

}  // namespace pb
