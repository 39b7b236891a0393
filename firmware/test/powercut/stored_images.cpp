// Storage partitions that earlier firmware has written (tests/stored_images/README.md describes their contents).
#include "powercut/stored_images.h"

#include <stdio.h>

#include "powercut/invariants.h"
#include "support/raw_file.h"

namespace pb::powercut {
namespace {

constexpr UnixMillis kFirstBoot = 1'714'564'800'000;  // 2024-05-01T12:00:00Z
constexpr UnixMillis kMinute = 60'000;
constexpr const char* kTag = "BENCH-TAG";

/// Adds members, such as `,"power_fail_action":"resume"`, to the settings of the image, and has all of them checked.
void configure(World& world, const std::string& members = "") {
  RawFile files(world.flash);
  std::string content = files.read("config.json");
  content = content.substr(content.find('{'));
  content.insert(content.rfind('}'), members);
  files.write(content, "config.json");
  JsonError error;
  const JsonValue config = parse_json({content.data(), content.size()}, error);
  for (JsonItems items(config); items.next();) {
    FixedText<48> name;
    FixedText<256> value;
    items.name().get(name);
    if (!items.value().get(value)) value.assign(items.value().raw());
    if (name.text() != "wifi_psk") world.acknowledge(name.c_str(), value.c_str());
  }
  world.provisioned = true;
  world.now = kFirstBoot + kMinute;
  // The files are from another boot, with other random numbers.
  world.boots = 100;
}

std::string time_at(UnixMillis since_first_boot) {
  return std::string("\"timestamp\":\"") + format_timestamp(kFirstBoot + since_first_boot).c_str() + "\"";
}

/// The CSMS has received a message of the earlier firmware. @param number in the message id; the device continues to
/// count from the highest one
void received(World& world, const std::string& number, const char* action, const std::string& payload) {
  world.csms.take("[2,\"00000000-" + number + "\",\"" + action + "\"," + payload + "]", kFirstBoot, 1);
}

void started(World& world) {
  world.csms.first_transaction = 1;
  received(world, "1", "StartTransaction",
           std::string(R"({"connectorId":1,"idTag":")") + kTag + R"(","meterStart":0,)" + time_at(0) + "}");
}

void stopped(World& world, int wh, UnixMillis at) {
  received(world, "2", "StopTransaction",
           R"({"transactionId":1,"meterStop":)" + std::to_string(wh) + "," + time_at(at) + "}");
}

void charged(World& world, uint64_t wh) {
  world.energy_wh = wh;
  world.energy_by_tag = {{kTag, wh}};
  world.id_tag = kTag;
}

std::string meter(const char* key, int wh) { return std::string("\"") + key + "\":" + std::to_string(wh) + ","; }

void prepare_charging(Device& device, const std::string& settings) {
  World& world = device.world();
  configure(world, settings);
  charged(world, 30);
  started(world);
  for (int sample = 1; sample <= 3; ++sample) {
    const std::string wh = std::to_string(10 * sample);
    received(world, std::to_string(1 + sample) + ".0", "MeterValues",
             R"({"connectorId":1,"transactionId":1,"meterValue":[{)" + time_at(10'000 * sample) +
                 R"(,"sampledValue":[{"value":")" + wh + "\"}]}]}");
  }
}

}  // namespace

void load_stored_image(RamFlash& flash, const char* name) {
  const std::string path = std::string(PLUGBENCH_STORED_IMAGES "/") + name + ".bin";
  FILE* file = fopen(path.c_str(), "rb");
  const size_t read = file != nullptr ? fread(flash.data(), 1, flash.size(), file) : 0;
  if (file != nullptr) fclose(file);
  if (read == flash.size()) return;
  fprintf(stderr, "powercut: %s has %zu of %zu bytes; build the target powercut again\n", path.c_str(), read,
          flash.size());
  exit(2);
}

void prepare_idle_image(Device& device) {
  configure(device.world());
  charged(device.world(), 40);
  started(device.world());
  stopped(device.world(), 40, 4'200);
}

/// The transaction ends with the energy and the time that were stored last.
void prepare_charging_image(Device& device) {
  prepare_charging(device, "");
  device.world().due = {{"StopTransaction", meter("meterStop", 30) + time_at(30'000)}};
}

void prepare_resumed_image(Device& device) {
  prepare_charging(device, R"(,"power_fail_action":"resume")");
  device.world().cable = device.world().vehicle_ready = true;
}

void prepare_offline_image(Device& device) {
  World& world = device.world();
  configure(world);
  charged(world, 30);
  world.due = {{"StartTransaction", meter("meterStart", 0) + time_at(0)},
               {"StopTransaction", meter("meterStop", 30) + time_at(30'000)}};
}

/// Charges of 10 Wh, 11 Wh, and so on.
void prepare_full_queue_image(Device& device) {
  constexpr int kCharges = 24;
  World& world = device.world();
  configure(world);
  int wh = 0;
  for (int charge = 0; charge < kCharges; ++charge) {
    world.due.push_back({"StartTransaction", meter("meterStart", wh)});
    wh += 10 + charge;
    world.due.push_back({"StopTransaction", meter("meterStop", wh)});
  }
  charged(world, static_cast<uint64_t>(wh));
  world.charges_of_tag = kCharges;
  world.most_operations = 400;
}

/// The first StartTransaction is damaged: it is also in the file of its StopTransaction.
void prepare_two_charges_image(Device& device) {
  World& world = device.world();
  configure(world);
  charged(world, 30);
  world.charges_of_tag = 2;
  world.due = {{"StartTransaction", meter("meterStart", 0) + time_at(0)},
               {"StopTransaction", meter("meterStop", 10)},
               {"StartTransaction", meter("meterStart", 10)},
               {"StopTransaction", meter("meterStop", 30)}};
  flip_bit(world.flash, "tx-0000000001");
}

void prepare_settings_image(Device& device) {
  World& world = device.world();
  configure(world, R"(,"local_pre_authorize":true,"connection_timeout_s":1)");
  charged(world, 5);
  world.csms.first_transaction = 77;
  started(world);
  stopped(world, 5, 700);
  world.acknowledge("cached", "yes");
}

}  // namespace pb::powercut
