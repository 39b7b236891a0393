#include "powercut/runner.h"

#include "powercut/images.h"
#include "powercut/stored_images.h"

namespace pb::powercut {
namespace {

constexpr uint64_t kSpread = 1'000'003;  // a prime above each number of first cuts

uint32_t mix(uint32_t a, uint64_t b) {
  uint64_t value = (a + 1) * 0x9E3779B97F4A7C15u ^ (b + 1) * 0xBF58476D1CE4E5B9u;
  value ^= value >> 29;
  value *= 0x94D049BB133111EBu;
  return static_cast<uint32_t>(value >> 32);
}

/// Calls `take` with each setting and its stored value.
template <class Take>
void read_settings(Device& device, Take take) {
  const std::string text = device.command("config");
  JsonError error;
  const JsonValue config = parse_json({text.data(), text.size()}, error);
  if (device.alive() && config.kind() != JsonKind::object) device.world().violate("stuck", "no answer to config");
  for (JsonItems items(config); items.next();) {
    FixedText<48> name;
    FixedText<256> value;
    items.name().get(name);
    if (!items.value().get(value)) value.assign(items.value().raw());
    // The interval of BootNotification.conf hides the stored value.
    if (name.text() != "heartbeat_interval_s") take(std::string(name.c_str()), std::string(value.c_str()));
  }
}

/// Verifies that the register has the energy that the CSMS has, and no more than the true energy.
void observe_register(Device& device) {
  const uint64_t energy_wh = device.status().energy_wh;
  if (!device.alive()) return;
  const uint64_t reported = reported_energy(device.world().csms);
  if (energy_wh < reported) {
    device.world().violate("register-decreases",
                           "it is " + std::to_string(energy_wh) + " Wh, the CSMS has " + std::to_string(reported));
  }
  if (energy_wh > device.world().energy_wh) {
    device.world().violate("over-reported", "the register is " + std::to_string(energy_wh) + " Wh of " +
                                                std::to_string(device.world().energy_wh));
  }
}

/// Verifies that every open transaction of the CSMS is open on the device.
void observe_open(Device& device) {
  const Status status = device.status();
  if (!status.answered || status.transaction_open || device.world().csms.open() == 0) return;
  device.world().violate("left-open", "the CSMS has an open transaction, and the device has none");
}

/// Records whether the idTag of the button is in the authorization cache: without it an Authorize is sent.
void observe_cache(Device& device) {
  if (device.world().stored.count("cached") == 0) return;
  const size_t since = device.world().csms.log().size();
  device.press_button();
  device.run_for(3'000);
  device.world().observe("cached", device.world().csms.got("Authorize", "", since) ? "no" : "yes");
}

/// Whether the pack of schemas is one that was acknowledged, or is being put into use.
void observe_schemas(Device& device) {
  if (device.world().stored.count("schemas") == 0) return;
  const std::string text = device.command("schema");
  if (!device.alive()) return;
  JsonError error;
  FixedText<16> protocol;
  parse_json({text.data(), text.size()}, error).path("pack.protocol").get(protocol);
  device.world().observe("schemas", protocol.empty() ? "built-in" : protocol.c_str());
}

/// Records the version of the image: a new one is confirmed by now, or the previous one runs.
void observe_image(Device& device) {
  if (!device.alive() || device.world().stored.count("image") == 0) return;
  if (device.image_on_trial()) device.world().violate("unconfirmed", "the image is still on trial");
  device.world().observe("image", running_version(device.world()));
}

/// Records the version of the local authorization list, and whether it has the idTag of the button.
void observe_list(Device& device) {
  if (device.world().stored.count("list") == 0) return;
  const std::string answer = device.call("GetLocalListVersion", "{}");
  JsonError error;
  int64_t version = -1;
  parse_json({answer.data(), answer.size()}, error).find("listVersion").get(version);
  const size_t since = device.world().csms.log().size();
  device.press_button();
  device.run_for(3'000);
  const bool is_listed = !device.world().csms.got("Authorize", "", since);
  device.world().observe("list", std::to_string(version) + (is_listed ? " with" : " without"));
}

/// Verifies that the device still charges, with new numbers.
void charge_once_more(Device& device) {
  World& world = device.world();
  device.session("CANARY");
  device.plug(true);
  device.vehicle(true);
  device.call("RemoteStartTransaction", R"({"connectorId":1,"idTag":"CANARY"})");
  device.charge(3);
  const auto id = std::to_string(world.csms.transaction_of("CANARY"));
  device.call("RemoteStopTransaction", "{\"transactionId\":" + id + "}");
  device.vehicle(false);
  device.plug(false);
  device.settle();
  if (world.energy_by_tag["CANARY"] == 0) world.violate("no-charge", "the device no longer charges");
}

}  // namespace

Runner::Runner(const Scenario& scenario, uint32_t seed)
    : scenario_(scenario), seed_(seed), prepared_(scenario.sectors) {
  prepared_.seed = seed;
  if (scenario.image != nullptr) load_stored_image(prepared_.flash, scenario.image);
  if (scenario.prepare != nullptr) {
    Device device(prepared_);
    scenario.prepare(device);
    read_settings(device,
                  [this](const std::string& key, const std::string& value) { prepared_.acknowledge(key, value); });
  }
  if (prepared_.ballast) fill_flash(prepared_.flash);
  prepared_.memory = FailingAllocations();
  World uncut = play(prepared_, nullptr);
  operations_ = operations_of(uncut) - operations_of(prepared_);
  for (const auto& [size, allocation] : uncut.memory.first_of_size()) {
    first_of_size_[allocation] = static_cast<Tear>((first_of_size_.size() + seed) % 3);
  }
  uncut = recover(uncut, nullptr);
  check(uncut);
  expected_ = list_files(uncut.flash);
  uncut_ = uncut.violations;
}

uint64_t Runner::operations_of(const World& world) const {
  switch (scenario_.fails) {
    case Fails::power:
      return world.flash.operations();
    case Fails::network:
      return world.network.calls();
    case Fails::memory:
      return world.memory.calls();
  }
  return 0;
}

/// Plays the scenario until its end or the power cut.
World Runner::play(const World& from, const Cut* cut, std::string* console) const {
  World world = from;
  if (cut != nullptr) {
    const uint32_t random = mix(seed_, cut->operation);
    switch (scenario_.fails) {
      case Fails::power:
        world.flash.cut_at(cut->operation, cut->effect, random);
        break;
      case Fails::network:
        world.network.fail_at(cut->operation, cut->effect, random);
        break;
      case Fails::memory:
        world.memory.fail_at(cut->operation, cut->effect, random);
        break;
    }
  }
  Device device(world);
  device.keep_console = console != nullptr;
  scenario_.play(device);
  device.power_off();
  if (console != nullptr) *console += device.console();
  return world;
}

/// Restores power and CSMS, and lets pending work finish.
World Runner::recover(const World& from, const Cut* cut, std::string* console) const {
  World world = from;
  world.flash.power_on();
  world.flash.full = false;
  world.network.fail_none();
  world.memory.fail_none();
  note_stored_samples(world);
  world.csms_reachable = true;
  world.csms.answers_starts_late = false;
  if (cut != nullptr) world.flash.cut_at(cut->operation, cut->effect, mix(seed_, cut->operation));
  Device device(world);
  device.keep_console = console != nullptr;
  device.power_on();
  device.settle();
  device.charge(1);
  device.vehicle(false);
  device.plug(false);
  device.settle();
  observe_open(device);
  device.power_off();
  if (console != nullptr) *console += device.console();
  return world;
}

/// Checks the state after a recovery, with a restarted device that charges once more.
void Runner::check(World& world, std::string* console) const {
  world.flash.power_on();
  {
    Device device(world);
    device.keep_console = console != nullptr;
    device.power_on();
    if (!world.provisioned) provision(device);
    device.settle();
    read_settings(device, [&world](const std::string& key, const std::string& value) { world.observe(key, value); });
    observe_register(device);
    if (world.stored.count("availability") != 0) {
      device.call("ChangeAvailability", R"({"connectorId":0,"type":"Operative"})");
    }
    observe_cache(device);
    device.check_log();
    observe_list(device);
    observe_schemas(device);
    observe_image(device);
    charge_once_more(device);
    device.power_off();
    if (console != nullptr) *console += device.console();
  }
  check_history(world);
  if (!expected_.names.empty()) check_files(world, expected_);
}

std::vector<Violation> Runner::replay(const std::vector<Cut>& cuts, std::string* console) {
  World world = play(prepared_, cuts.empty() ? nullptr : &cuts[0], console);
  for (size_t i = 1; i < cuts.size(); ++i) world = recover(world, &cuts[i], console);
  world = recover(world, nullptr, console);
  check(world, console);
  return world.violations;
}

/// Recovers from the cuts without another one, and checks the result. @return the operations of the recovery.
uint64_t Runner::run_leaf(const World& cut_world, Tally& tally, const std::vector<Cut>& cuts,
                          const std::function<void(const Finding&)>& report) const {
  World world = recover(cut_world, nullptr);
  const uint64_t operations = world.flash.operations() - cut_world.flash.operations();
  if (operations > tally.most_operations) tally.most_operations = operations;
  check(world);
  if (world.violations.empty()) return operations;
  ++tally.failed_runs;
  std::set<std::string> rules;
  for (const Violation& violation : world.violations) {
    if (!rules.insert(violation.rule).second) continue;
    ++tally.rules[violation.rule];
    report({id_of(cuts).text(), violation});
  }
  return operations;
}

Tally Runner::explore(const Extent& extent, const std::function<void(const Finding&)>& report) {
  Tally tally;
  tally.operations = operations_;
  if (extent.share == 0) {
    for (const Violation& violation : uncut_) {
      ++tally.rules[violation.rule];
      report({id_of({}).text(), violation});
    }
    if (!uncut_.empty()) ++tally.failed_runs;
  }
  const uint64_t all_first = 3 * operations_;
  // Odd and no multiple of 3, so that it takes operations of each share, with each effect.
  const Limits& limits = scenario_.limits;
  uint64_t stride = extent.all || all_first <= limits.first ? 1 : ((all_first + limits.first - 1) / limits.first) | 1;
  if (stride % 3 == 0) stride += 2;
  const uint64_t most_nested = extent.all ? limits.all_second : limits.second;
  const uint64_t nested = extent.nested < most_nested ? extent.nested : most_nested;
  const uint64_t chosen_first = (all_first + stride - 1) / stride;
  for (uint64_t operation = 1; operation <= operations_; ++operation) {
    if (operation % extent.shares != extent.share) continue;
    for (const Tear effect : {Tear::none, Tear::half, Tear::random}) {
      if (is_enough(extent, tally)) return tally;
      const uint64_t index = 3 * (operation - 1) + static_cast<uint64_t>(effect);
      const Cut first{operation, effect};
      if (index % stride != seed_ % stride && !is_first_of_size(first)) continue;
      trace(extent, {first});
      const World once = play(prepared_, &first);
      ++tally.first_cuts;
      const uint64_t operations = run_leaf(once, tally, {first}, report);
      const uint64_t all = 3 * operations;
      tally.nested_of += all;
      // The first cuts in another order, so that the second cuts are not all after cuts of the same effect.
      const uint64_t place = index / stride * kSpread % chosen_first;
      const uint64_t quota = (place + 1) * nested / chosen_first - place * nested / chosen_first;
      const uint64_t chosen = quota < all ? quota : all;
      uint32_t random = mix(seed_, operation * 3 + static_cast<uint64_t>(effect));
      for (uint64_t i = 0; i < chosen && !is_enough(extent, tally); ++i) {
        // All of them; or one of each part, after dividing them into as many parts as the quota allows cuts.
        const uint64_t part = all / chosen;
        const uint64_t pick = chosen == all ? i : i * part + (random = mix(random, i)) % part;
        const Cut second{pick / 3 + 1, static_cast<Tear>(pick % 3)};
        trace(extent, {first, second});
        const World twice = recover(once, &second);
        ++tally.nested_cuts;
        run_leaf(twice, tally, {first, second}, report);
      }
    }
  }
  return tally;
}

}  // namespace pb::powercut
