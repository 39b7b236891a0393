#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "powercut/csms.h"
#include "support/ram_flash.h"

namespace pb::powercut {

/// An invariant that did not hold.
struct Violation {
  std::string rule;
  std::string text;
};

/// Everything that outlives a power cut, as a value: the flash, the CSMS, the car, the true time, and what the device
/// has promised. A copy of it is a place to go on from.
struct World {
  RamFlash flash;
  Csms csms;
  bool csms_reachable = true;
  bool cable = false;
  bool vehicle_ready = false;
  UnixMillis now = 1'714'564'800'000;  ///< 2024-05-01T12:00:00Z
  uint32_t seed = 1;
  uint32_t boots = 0;
  uint32_t outages = 0;  ///< power lost in a flash operation, or with the contactor closed

  /// Whether the device knows its CSMS.
  bool provisioned = false;
  /// Whether the flash is to be filled up before the scenario begins.
  bool ballast = false;

  /// True energy in Wh: of all, and by the idTag whose session it was.
  uint64_t energy_wh = 0;
  std::map<std::string, uint64_t> energy_by_tag;
  std::string id_tag;

  /// What may be stored for a key: one value once it was acknowledged, two while a change is under way.
  std::map<std::string, std::set<std::string>> stored;

  /// Message ids of the samples that were on the flash when the power came back.
  std::set<std::string> stored_samples;

  std::vector<Violation> violations;

  explicit World(size_t sectors = 144) : flash(sectors) {}

  void change(const std::string& key, const std::string& value) { stored[key].insert(value); }
  void acknowledge(const std::string& key, const std::string& value) { stored[key] = {value}; }
  /// The device says what is stored.
  void observe(const std::string& key, const std::string& value) {
    const auto known = stored.find(key);
    if (known == stored.end()) return;
    if (known->second.count(value) == 0) {
      std::string allowed;
      for (const std::string& each : known->second) allowed += " '" + each + "'";
      violate("stored-value", key + " is '" + value + "', allowed:" + allowed);
    }
    known->second = {value};
  }
  void violate(const std::string& rule, const std::string& text) { violations.push_back({rule, text}); }
  /// One watt-hour flows through the contactor.
  void flow() {
    const auto ended = stored.find("ended");
    if (ended != stored.end() && ended->second == std::set<std::string>{id_tag}) {
      violate("goes-on", "energy flows for " + id_tag + ", whose end was acknowledged");
    }
    ++energy_wh;
    ++energy_by_tag[id_tag];
  }
};

}  // namespace pb::powercut
