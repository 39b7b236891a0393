#pragma once

#include "powercut/device.h"

namespace pb::powercut {

/// The cause of failure in a scenario: a power cut in an operation on the flash, a failed call of the network, or a
/// failed allocation of TLS.
enum class Fails : uint8_t { power, network, memory };

/// Limits for a scenario whose runs take long or resemble others. The first allocation of each size does not count.
struct Limits {
  size_t first = SIZE_MAX;       ///< first cuts in the fixed part of `make powercut`
  size_t second = SIZE_MAX;      ///< second cuts there
  size_t all_second = SIZE_MAX;  ///< second cuts with FULL=1
};

/// The events of a scenario: a plain function that is run from the start for every cut.
struct Scenario {
  const char* name = "";
  /// Prepares an erased flash, or that of the image; never cut. nullptr: the scenario starts with an erased flash.
  void (*prepare)(Device& device) = nullptr;
  /// The part that is cut, at each of its flash operations.
  void (*play)(Device& device) = nullptr;
  /// Sectors of the flash.
  size_t sectors = 32;
  /// A storage partition of tests/stored_images; nullptr: an erased flash.
  const char* image = nullptr;
  Limits limits = {};
  Fails fails = Fails::power;
};

struct Scenarios {
  const Scenario* first = nullptr;
  size_t count = 0;

  const Scenario* begin() const { return first; }
  const Scenario* end() const { return first + count; }
  /// nullptr for an unknown name.
  const Scenario* find(const std::string& name) const {
    for (const Scenario& each : *this) {
      if (name == each.name) return &each;
    }
    return nullptr;
  }
};

/// The scenarios of the firmware.
Scenarios scenarios();

/// Gives a new device the address of its CSMS and the settings of the scenarios.
void provision(Device& device);

}  // namespace pb::powercut
