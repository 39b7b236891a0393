#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "powercut/csms.h"
#include "powercut/failing_allocations.h"
#include "powercut/failing_calls.h"
#include "support/fake_secrets.h"
#include "support/ram_flash.h"

namespace pb::powercut {

/// A violated rule.
struct Violation {
  std::string rule;
  std::string text;
};

/// A message that the CSMS has to receive: its action, and a part of its payload.
struct DueMessage {
  std::string action;
  std::string part;
};

/// Everything that survives a power cut, as a value: the flash, the CSMS, the car, the true time, and the acknowledged
/// values. A run can continue from a copy.
struct World {
  RamFlash flash;
  FailingCalls network;
  FailingAllocations memory;
  FakeSecrets secrets;
  Csms csms;
  bool csms_reachable = true;
  bool cable = false;
  bool vehicle_ready = false;
  UnixMillis now = 1'714'564'800'000;  ///< 2024-05-01T12:00:00Z
  uint32_t seed = 1;
  uint32_t boots = 0;
  uint32_t outages = 0;  ///< power cuts in a flash operation or with a closed contactor

  /// Operations after which a device that is still busy counts as stuck.
  uint64_t most_operations = 100;

  /// Whether the device has the address of its CSMS.
  bool provisioned = false;
  /// Whether the flash is filled before the scenario starts.
  bool ballast = false;

  /// True energy in Wh: in all, and by the idTag of the session.
  uint64_t energy_wh = 0;
  std::map<std::string, uint64_t> energy_by_tag;
  std::string id_tag;

  /// Allowed stored values of a key: one after it is acknowledged, two during a change.
  std::map<std::string, std::set<std::string>> stored;

  /// The notes in the log: the last one, and the last one that was acknowledged as stored.
  uint32_t notes = 0;
  uint32_t notes_stored = 0;

  /// The energy at the failure of the mains power, and whether there was one.
  uint64_t energy_at_failure_wh = 0;
  bool mains_failed = false;

  /// Messages of files that were there before the scenario.
  std::vector<DueMessage> due;
  /// Transactions of one idTag; a further one was started twice.
  size_t charges_of_tag = 1;

  /// Message ids of the samples that were on the flash when the power returned.
  std::set<std::string> stored_samples;

  /// Whether the clock of the CSMS has made a step: a charge may then begin before the end of the one before it.
  bool clock_was_set = false;

  std::vector<Violation> violations;

  /// Whether the device has application images, and is started by a boot loader; and the slot that runs.
  bool has_images = false;
  size_t running = 0;

  /// The other partitions, by their first sector after the storage: the slots for schemas, otadata, and the slots for
  /// images.
  static constexpr size_t kSlotSectors = 2;
  static constexpr size_t kSchemas[] = {0, kSlotSectors};
  static constexpr size_t kOtaData = 2 * kSlotSectors;
  static constexpr size_t kOtaDataSectors = 2;
  static constexpr size_t kSlots[] = {kOtaData + kOtaDataSectors, kOtaData + kOtaDataSectors + kSlotSectors};

  explicit World(size_t sectors = 144) : flash(sectors, kSlots[1] + kSlotSectors) {}

  RamFlashPart part(size_t first, size_t sectors) {
    return {flash, flash.size() / Flash::kSectorSize + first, sectors};
  }

  void change(const std::string& key, const std::string& value) { stored[key].insert(value); }
  void acknowledge(const std::string& key, const std::string& value) { stored[key] = {value}; }
  /// Checks a stored value that the device reports.
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
  /// Counts one Wh through the contactor.
  void flow() {
    const auto ended = stored.find("ended");
    if (ended != stored.end() && ended->second == std::set<std::string>{id_tag}) {
      violate("energy-after-end", "energy flows for " + id_tag + ", whose end was acknowledged");
    }
    ++energy_wh;
    ++energy_by_tag[id_tag];
  }
};

}  // namespace pb::powercut
