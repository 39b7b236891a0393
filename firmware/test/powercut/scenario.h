#pragma once

#include "powercut/device.h"

namespace pb::powercut {

/// What happens to the device: a plain function, run from its first line for every cut.
struct Scenario {
  const char* name = "";
  /// Brings an erased flash to where the scenario begins; never cut. nullptr: the scenario begins with an erased flash.
  void (*prepare)(Device& device) = nullptr;
  /// The part that is cut, at each operation that it makes on flash.
  void (*play)(Device& device) = nullptr;
  /// Sectors of the flash.
  size_t sectors = 32;
};

struct Scenarios {
  const Scenario* first = nullptr;
  size_t count = 0;

  const Scenario* begin() const { return first; }
  const Scenario* end() const { return first + count; }
  /// nullptr when there is none of that name.
  const Scenario* find(const std::string& name) const {
    for (const Scenario& each : *this) {
      if (name == each.name) return &each;
    }
    return nullptr;
  }
};

/// Those of the firmware.
Scenarios scenarios();

/// Connects an unprovisioned device with its CSMS and gives it the settings of the scenarios.
void provision(Device& device);

}  // namespace pb::powercut
