#include "core/crc32.h"
#include "features/schema/schema_store.h"
#include "powercut/old_files.h"
#include "powercut/scenario.h"
#include "powercut/stored_images.h"
#include "powercut/uploads.h"

namespace pb::powercut {
namespace {

constexpr Millis kTwoHours = 7'200'000;
constexpr Millis kRestartPause = 3'000;

std::string remote_start(const std::string& id_tag) { return R"({"connectorId":1,"idTag":")" + id_tag + R"("})"; }

/// A driver plugs in, and the CSMS starts the transaction.
void begin_charge(Device& device, const std::string& id_tag) {
  device.session(id_tag);
  device.plug(true);
  device.vehicle(true);
  device.call("RemoteStartTransaction", remote_start(id_tag));
}

void end_charge(Device& device) {
  device.vehicle(false);
  device.plug(false);
}

void prepare(Device& device) {
  device.power_on();
  provision(device);
}

// ---- without a charge

void cold_boot(Device& device) {
  device.power_on();
  device.run_for(3'000);
}

void settings(Device& device) {
  device.power_on();
  device.set("nominal_voltage_v", "231");
  device.set("local_id_tag", "NEW");
  device.set("identity", "a-name-that-makes-the-file-longer");
  device.call_to_store("ChangeConfiguration", R"({"key":"MeterValueSampleInterval","value":"3"})",
                       "meter_value_sample_interval_s", "3");
  device.settle();
}

/// The file of the settings is damaged after each of two changes: its copy has them.
void damaged_settings(Device& device) {
  device.power_on();
  device.set("nominal_voltage_v", "231");
  device.settle();
  device.damage("config.json");
  device.settle();
  device.set("local_id_tag", "NEW");
  device.settle();
  device.damage("config.json");
  device.settle();
}

/// Changes on trial that never work are taken back.
void failed_trial(Device& device) {
  device.power_on();
  device.settle();
  device.set_reachable(false);
  device.set("csms_url", "ws://nowhere.example/");
  if (!device.alive()) return;
  device.world().change("csms_url", "ws://csms.example/ocpp");
  device.run_for(CsmsTrial::kLimit + 5'000);
  if (!device.alive()) return;
  device.world().acknowledge("csms_url", "ws://csms.example/ocpp");
  device.set_reachable(true);
  device.settle();
}

/// Adds the idTag of the button to the authorization cache.
void prepare_cache(Device& device) {
  prepare(device);
  device.set("local_id_tag", "CACHED");
  device.set("connection_timeout_s", "1");
  device.set("local_pre_authorize", "true");
  device.press_button();
  device.settle();
  device.world().acknowledge("cached", "yes");
}

void availability(Device& device) {
  device.power_on();
  device.call_to_store("ChangeAvailability", R"({"connectorId":1,"type":"Inoperative"})", "availability",
                       "connector_inoperative");
  device.call_to_store("ClearCache", "{}", "cached", "no");
  device.call_to_store("ChangeAvailability", R"({"connectorId":0,"type":"Inoperative"})", "availability",
                       "inoperative");
  device.call_to_store("ChangeAvailability", R"({"connectorId":0,"type":"Operative"})", "availability", "operative");
  device.settle();
}

/// An idTag is reported after ClearCache: it is in the cache again.
void cache(Device& device) {
  device.power_on();
  device.call_to_store("ClearCache", "{}", "cached", "no");
  device.settle();
  if (!device.alive()) return;
  device.world().change("cached", "yes");
  device.press_button();
  device.settle();
  if (device.alive()) device.world().acknowledge("cached", "yes");
}

/// SendLocalList with 40 long entries.
std::string list_update(const char* type, int version, const std::string& first) {
  std::string entries = first;
  for (int i = 0; i < 40; ++i) {
    entries += ",{\"idTag\":\"A-LONG-ID-TAG-" + std::to_string(10 * version + i) +
               "\",\"idTagInfo\":{\"status\":\"Accepted\",\"parentIdTag\":\"12345678901234567890\"}}";
  }
  return "{\"listVersion\":" + std::to_string(version) + ",\"updateType\":\"" + type +
         "\",\"localAuthorizationList\":[" + entries + "]}";
}

void prepare_list(Device& device) {
  prepare(device);
  device.set("local_id_tag", "LISTED");
  device.set("connection_timeout_s", "1");
  device.set("local_pre_authorize", "true");
  device.set("authorization_cache_enabled", "false");
  device.call("SendLocalList", list_update("Full", 1, R"({"idTag":"LISTED","idTagInfo":{"status":"Accepted"}})"));
  device.settle();
  device.world().acknowledge("list", "1 with");
}

void local_list(Device& device) {
  device.power_on();
  device.call_to_store("SendLocalList", list_update("Differential", 2, R"({"idTag":"LISTED"})"), "list", "2 without");
  device.settle();
  device.call_to_store("SendLocalList",
                       list_update("Full", 3, R"({"idTag":"LISTED","idTagInfo":{"status":"Accepted"}})"), "list",
                       "3 with");
  device.settle();
}

// ---- charges

void charge_online(Device& device) {
  device.power_on();
  device.settle();
  begin_charge(device, "ONLINE");
  device.charge(9);
  end_charge(device);
  device.settle();
}

/// A driver plugs in and presses the button, whose idTag is `id_tag`.
void begin_charge_offline(Device& device, const std::string& id_tag) {
  device.session(id_tag);
  device.plug(true);
  device.vehicle(true);
  device.press_button();
}

void charge_offline(Device& device) {
  device.power_on();
  device.settle();
  device.set_reachable(false);
  begin_charge_offline(device, "BUTTON");
  device.charge(9);
  end_charge(device);
  device.set_reachable(true);
  device.settle();
}

void prepare_without_time(Device& device) {
  device.world().csms_reachable = false;
  prepare(device);
}

/// The file of the StartTransaction is damaged before the CSMS returns: it is sent from its copy.
void damaged_start(Device& device) {
  device.power_on();
  device.settle();
  device.set_reachable(false);
  begin_charge_offline(device, "BUTTON");
  device.charge(5);
  end_charge(device);
  device.settle();
  device.damage("tx-0000000001");
  device.set_reachable(true);
  device.settle();
}

/// The charges of two drivers, each for a number of half seconds.
void charge_twice_offline(Device& device, int first, int second) {
  begin_charge_offline(device, "BUTTON");
  device.charge(first);
  end_charge(device);
  device.set("local_id_tag", "SECOND");
  begin_charge_offline(device, "SECOND");
  device.charge(second);
  end_charge(device);
}

/// Two charges begin before the time is known. The file of the second StartTransaction is damaged when the first one,
/// which was written again with its time, is not answered yet.
void damaged_second_start(Device& device) {
  device.world().csms_reachable = false;
  device.power_on();
  charge_twice_offline(device, 3, 3);
  device.settle();
  device.set_reachable(true);
  device.run_until([&device] { return device.world().csms.got("StartTransaction", "BUTTON", 0); }, kRestartPause);
  device.damage("tx-0000000004");
  device.settle();
}

/// The file of the first of two pending StartTransactions is damaged: it is restored from the file of its stop.
void damaged_first_start(Device& device) {
  device.power_on();
  device.settle();
  device.set_reachable(false);
  charge_twice_offline(device, 3, 3);
  device.settle();
  device.damage("tx-0000000001");
  device.set_reachable(true);
  device.settle();
}

/// The time is known from flash, or unknown. When the CSMS sends it, the times of both charges are corrected.
void csms_away(Device& device) {
  device.world().csms_reachable = false;
  device.power_on();
  charge_twice_offline(device, 9, 2);
  device.run_for(20'000);
  device.set_reachable(true);
  device.settle();
}

/// Two charges are pending, with a power loss between them.
void two_charges_offline(Device& device) {
  device.world().csms_reachable = false;
  device.power_on();
  begin_charge_offline(device, "BUTTON");
  device.charge(3);
  end_charge(device);
  device.settle();
  device.power_off();
  device.power_on();
  device.set("local_id_tag", "SECOND");
  begin_charge_offline(device, "SECOND");
  device.charge(3);
  end_charge(device);
  device.set_reachable(true);
  device.settle();
}

void reboot(Device& device) {
  device.power_on();
  device.settle();
  begin_charge(device, "ONLINE");
  device.charge(5);
  device.command("reboot");
  device.settle();
  end_charge(device);
  device.settle();
}

void prepare_resume(Device& device) {
  prepare(device);
  device.set("power_fail_action", "resume");
  device.world().acknowledge("ended", "");
}

/// The vehicle stays ready: a stopped charge must not continue.
void resume(Device& device) {
  device.power_on();
  device.settle();
  begin_charge(device, "ONLINE");
  device.charge(5);
  device.power_off();
  device.power_on();
  device.settle();
  device.charge(5);
  const std::string id = std::to_string(device.world().csms.transaction_of("ONLINE"));
  device.call_to_store("RemoteStopTransaction", "{\"transactionId\":" + id + "}", "ended", "ONLINE");
  device.settle();
}

/// Without samples, only the failure itself causes a write of the register.
void prepare_mains_failure(Device& device) {
  prepare(device);
  device.set("meter_value_sample_interval_s", "0");
}

void prepare_mains_failure_resumed(Device& device) {
  prepare_mains_failure(device);
  device.set("power_fail_action", "resume");
}

/// The hold-up capacitor lasts for a second.
void mains_failure(Device& device) {
  device.power_on();
  device.settle();
  begin_charge(device, "ONLINE");
  device.charge(5);
  device.fail_mains();
  device.run_for(1'000);
}

void prepare_one_attempt(Device& device) {
  prepare(device);
  device.set("transaction_message_attempts", "1");
  device.set("meter_value_sample_interval_s", "10");
}

/// The answer to StartTransaction arrives after its only attempt has failed, which has ended the charge.
void start_answered_late(Device& device) {
  device.power_on();
  device.settle();
  device.world().csms.answers_starts_late = true;
  begin_charge(device, "ONLINE");
  device.charge(5);
  device.run_for(Messenger::kCallTimeout);
  end_charge(device);
  device.answer_late();
  device.settle();
}

/// A long answer fills the output of the connection during the charge: samples wait until it is sent.
void slow_network(Device& device) {
  device.power_on();
  device.settle();
  begin_charge(device, "ONLINE");
  device.charge(3);
  device.stop_reading();
  device.charge(4);
  device.read_again();
  device.charge(2);
  end_charge(device);
  device.settle();
}

void clock_set_back(Device& device) {
  device.world().csms.heartbeat_interval_s = 1;
  device.power_on();
  device.settle();
  begin_charge(device, "ONLINE");
  device.charge(3);
  device.world().clock_was_set = true;
  device.world().csms.clock_offset = -static_cast<UnixMillis>(kTwoHours);
  device.charge(5);
  end_charge(device);
  device.settle();
}

/// A device starts with the files of an older version.
void old_files(Device& device) {
  device.power_on();
  device.settle();
}

void prepare_log(Device& device) {
  prepare(device);
  device.set("log_file_bytes", "1024");
  device.set("log_files", "6");
}

/// Files are begun, filled, replaced and removed, across a restart and a loss of power.
void log_rotation(Device& device) {
  device.power_on();
  for (int i = 0; i < 24; ++i) device.note();
  device.command("reboot");
  device.run_for(10);
  for (int i = 0; i < 5; ++i) device.note();
  device.power_off();
  device.power_on();
  for (int i = 0; i < 5; ++i) device.note();
  device.settle();
}

void prepare_full(Device& device) {
  prepare(device);
  device.world().ballast = true;
}

constexpr size_t kSmallFlash = 24;

/// The flash is full while a charge ends: its stop is only in memory when the next charge begins.
void stop_on_full_flash(Device& device) {
  device.power_on();
  device.settle();
  device.set_reachable(false);
  begin_charge_offline(device, "BUTTON");
  device.charge(5);
  device.set("local_id_tag", "SECOND");
  device.settle();
  device.world().flash.full = true;
  end_charge(device);
  device.run_for(500);
  device.world().flash.full = false;
  begin_charge_offline(device, "SECOND");
  device.charge(3);
  end_charge(device);
  device.set_reachable(true);
  device.settle();
}

// ---- a pack of schemas

/// Writes a pack with empty tables on the console and puts it into use. @param bytes its length
void install_schemas(Device& device, const std::string& protocol, size_t bytes) {
  std::string pack = std::string("PBSP\1\0\100\0", 8) + protocol;
  pack.resize(20);
  const auto append = [&pack](uint32_t number) {
    for (int i = 0; i < 4; ++i) pack += static_cast<char>(number >> (8 * i));
  };
  append(static_cast<uint32_t>(bytes - SchemaPack::kHeaderSize));
  pack.resize(60);
  const std::string tables(bytes - SchemaPack::kHeaderSize, '\0');
  append(crc32(Text(tables.data(), tables.size()).bytes(), crc32(Text(pack.data(), pack.size()).bytes())));
  pack += tables;

  const auto command = [&device](const std::string& line) {
    const std::string answer = device.command("schema " + line);
    if (device.alive() && answer != "ok") device.world().violate("refused", "schema " + line + ": " + answer);
  };
  command("begin " + std::to_string(bytes));
  for (size_t at = 0; at < pack.size() && device.alive(); at += SchemaStore::kChunk) {
    std::string digits;
    for (const char c : pack.substr(at, SchemaStore::kChunk)) {
      digits += "0123456789abcdef"[static_cast<uint8_t>(c) / 16];
      digits += "0123456789abcdef"[static_cast<uint8_t>(c) % 16];
    }
    command("write " + digits);
  }
  if (!device.alive()) return;
  device.world().change("schemas", protocol);
  command("commit");
  if (device.alive()) device.world().acknowledge("schemas", protocol);
}

void prepare_schemas(Device& device) {
  prepare(device);
  install_schemas(device, "ocpp2.0.1", 300);
  device.settle();
}

void schemas(Device& device) {
  device.power_on();
  install_schemas(device, "ocpp2.1", 4'400);
  install_schemas(device, "ocpp1.6", 200);
  device.settle();
}

// ---- a failing network

/// A call fails, and no power is lost: the charge is reported completely.
void charge_online_to_its_end(Device& device) {
  charge_online(device);
  device.settle();
  device.check_sockets();
}

// ---- memory that is too short for TLS

void prepare_tls(Device& device) {
  const std::string& root = csms_certificate();
  device.world().secrets.write(secret::kRoot, Text(root.data(), root.size()).bytes());
  prepare(device);
  device.set("csms_url", "wss://csms.example/ocpp");
  device.run_for(kRestartPause);
  device.check_connection();
}

/// The connection is lost in the charge, so there are two handshakes: for the second one messages are pending.
void charge_with_tls(Device& device) {
  device.power_on();
  device.settle();
  begin_charge(device, "ONLINE");
  device.charge(3);
  device.set_reachable(false);
  device.charge(2);
  device.set_reachable(true);
  device.charge(4);
  end_charge(device);
  device.settle();
  device.check_connection();
  device.check_sockets();
}

/// A charge that begins before the first connection.
void charge_before_tls(Device& device) {
  device.power_on();
  begin_charge_offline(device, "BUTTON");
  device.charge(5);
  end_charge(device);
  device.check_connection();
  device.check_sockets();
}

// ---- an upload of an application image

/// During a charge; the device restarts at its end, and confirms the image when the CSMS accepts it.
void firmware_upload(Device& device) {
  device.power_on();
  device.settle();
  begin_charge(device, "ONLINE");
  device.charge(2);
  upload(device);
  device.charge(2);
  end_charge(device);
  device.run_for(kRestartPause);
  device.settle();
  if (!device.alive()) return;
  device.world().acknowledge("image", "2");
}

/// The CSMS does not accept the image in time, so the device returns to the previous one.
void firmware_rollback(Device& device) {
  device.power_on();
  device.settle();
  upload(device);
  device.set_reachable(false);
  device.run_for(kRestartPause);
  device.run_for(ImageTrial::kLimit + 5'000);
  if (!device.alive()) return;
  device.world().acknowledge("image", "1");
  // A restart, because the next attempt to connect may be minutes away.
  device.set_reachable(true);
  device.power_off();
  device.power_on();
  device.settle();
}

/// The connection is lost, and the upload is made again.
void firmware_interrupted(Device& device) {
  device.power_on();
  device.settle();
  upload_half(device);
  device.settle();
  upload(device);
  device.run_for(kRestartPause);
  device.settle();
  if (!device.alive()) return;
  device.world().acknowledge("image", "2");
}

// ---- events in a random order

/// Small numbers that the seed of the run decides.
class Chance {
 public:
  explicit Chance(uint32_t seed) : state_(seed * 2654435761u + 1) {}
  uint32_t below(uint32_t limit) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return (state_ >> 8) % limit;
  }

 private:
  uint32_t state_;
};

constexpr int kRandomEvents = 14;
constexpr UnixMillis kClockSteps[] = {0, -static_cast<UnixMillis>(kTwoHours), static_cast<UnixMillis>(kTwoHours)};

void prepare_random(Device& device) {
  prepare(device);
  device.set("transaction_message_attempts", "100");
  device.set("transaction_message_retry_interval_s", "1");
  if (device.world().seed % 2 == 0) device.set("power_fail_action", "resume");
}

/// Charges, and losses of connection, power and time, in an order that the seed decides.
void random_events(Device& device) {
  World& world = device.world();
  Chance chance(world.seed);
  const bool moves_clock = chance.below(2) == 0;
  int sessions = 0;
  if (chance.below(3) == 0) world.csms_reachable = false;
  if (moves_clock) world.csms.heartbeat_interval_s = 1;
  device.power_on();
  for (int i = 0; i < kRandomEvents && device.alive(); ++i) {
    const uint32_t event = chance.below(10);
    const uint32_t choice = chance.below(3);
    switch (event) {
      case 0:
      case 1:
      case 2:
        end_charge(device);
        if (world.csms_reachable && choice != 0) {
          begin_charge(device, "REMOTE" + std::to_string(++sessions));
        } else {
          const std::string id_tag = "LOCAL" + std::to_string(++sessions);
          device.set("local_id_tag", id_tag);
          begin_charge_offline(device, id_tag);
        }
        device.charge(1 + static_cast<int>(choice));
        break;
      case 3:
        device.charge(2 + static_cast<int>(choice));
        break;
      case 4:
        end_charge(device);
        break;
      case 5:
        device.set_reachable(!world.csms_reachable);
        break;
      case 6:
        device.power_off();
        device.power_on();
        break;
      case 7:
        if (!moves_clock) break;
        world.clock_was_set = true;
        world.csms.clock_offset = kClockSteps[choice];
        break;
      case 8:
        if (choice == 0) device.command("reboot");
        if (choice != 0) world.csms.answers_starts_late = true;
        break;
      default:
        device.run_for(1'000 * (1 + choice));
        world.csms.answers_starts_late = false;
        device.answer_late();
    }
    device.run_for(200);
  }
  world.csms.answers_starts_late = false;
  device.answer_late();
  end_charge(device);
  device.set_reachable(true);
  device.run_for(Messenger::kCallTimeout);  // an answer that never came
  device.settle();
}

// ---- storage partitions of earlier firmware

constexpr size_t kPartition = 144;
constexpr Limits kFewSecond{SIZE_MAX, 30};
constexpr Limits kFewOfLongRuns{16, 6, 600};

/// The charge continues with the id of the CSMS, until the driver ends it.
void resumed(Device& device) {
  device.power_on();
  device.settle();
  device.charge(3);
  end_charge(device);
  device.settle();
}

constexpr Scenario kScenarios[] = {
    {"cold-boot", nullptr, &cold_boot},
    {"settings", &prepare, &settings},
    {"damaged-settings", &prepare, &damaged_settings},
    {"failed-trial", &prepare, &failed_trial},
    {"availability", &prepare_cache, &availability},
    {"cache", &prepare_cache, &cache},
    {"local-list", &prepare_list, &local_list},
    {"charge-online", &prepare, &charge_online},
    {"charge-offline", &prepare, &charge_offline},
    {"damaged-start", &prepare, &damaged_start},
    {"damaged-first-start", &prepare, &damaged_first_start, 32, nullptr, {SIZE_MAX, 60}},
    {"damaged-second-start", &prepare_without_time, &damaged_second_start},
    {"two-charges-offline", &prepare, &two_charges_offline},
    {"away-time-from-flash", &prepare, &csms_away},
    {"away-time-never-known", &prepare_without_time, &csms_away},
    {"reboot-in-charge", &prepare, &reboot},
    {"resume", &prepare_resume, &resume},
    {"mains-failure", &prepare_mains_failure, &mains_failure},
    {"mains-failure-resumed", &prepare_mains_failure_resumed, &mains_failure},
    {"start-answered-late", &prepare_one_attempt, &start_answered_late},
    {"slow-network", &prepare, &slow_network, 32, nullptr, {SIZE_MAX, 30}},
    {"clock-set-back", &prepare, &clock_set_back},
    {"random-events", &prepare_random, &random_events, 32, nullptr, {60, 30}},
    {"log-rotation", &prepare_log, &log_rotation},
    {"schemas", &prepare_schemas, &schemas},
    {"firmware-upload", &prepare_upload, &firmware_upload, 32, nullptr, {60, 30}},
    {"firmware-rollback", &prepare_upload_to_first_slot, &firmware_rollback, 32, nullptr, {20, 10, 1'000}},
    {"firmware-interrupted", &prepare_upload, &firmware_interrupted, 32, nullptr, {60, 20}},
    {"network-charge", &prepare, &charge_online_to_its_end, 32, nullptr, {SIZE_MAX, 30}, Fails::network},
    {"tls-charge", &prepare_tls, &charge_with_tls, 32, nullptr, {40, 0, 100}, Fails::memory},
    {"tls-charge-offline", &prepare_tls, &charge_before_tls, 32, nullptr, {20, 0, 100}, Fails::memory},
    {"files-of-0.1.0", &prepare_files_of_0_1_0, &old_files},
    {"trial-over-files-of-0.1.0", &prepare_files_of_0_1_0, &failed_trial},
    {"full-flash", &prepare_full, &charge_offline, kSmallFlash},
    {"stop-on-full-flash", &prepare, &stop_on_full_flash},
    {"image-0.1.0-idle", &prepare_idle_image, &old_files, kPartition, "0.1.0-headerless/idle", kFewSecond},
    {"image-0.1.0-charging", &prepare_charging_image, &old_files, kPartition, "0.1.0-headerless/charging", kFewSecond},
    {"image-0.1.0-resumed", &prepare_resumed_image, &resumed, kPartition, "0.1.0-headerless/charging", kFewSecond},
    {"image-0.1.0-offline", &prepare_offline_image, &old_files, kPartition, "0.1.0-headerless/charging-offline",
     kFewSecond},
    {"image-0.1.0-full-queue", &prepare_full_queue_image, &old_files, kPartition, "0.1.0-headerless/full-queue",
     kFewOfLongRuns},
    {"image-0.1.0-settings", &prepare_settings_image, &old_files, kPartition, "0.1.0-headerless/settings", kFewSecond},
    {"image-1-idle", &prepare_idle_image, &old_files, kPartition, "1-header/idle", kFewSecond},
    {"image-1-charging", &prepare_charging_image, &old_files, kPartition, "1-header/charging", kFewSecond},
    {"image-1-resumed", &prepare_resumed_image, &resumed, kPartition, "1-header/charging", kFewSecond},
    {"image-1-offline", &prepare_offline_image, &old_files, kPartition, "1-header/charging-offline", kFewSecond},
    {"image-1-full-queue", &prepare_full_queue_image, &old_files, kPartition, "1-header/full-queue", kFewOfLongRuns},
    {"image-1-settings", &prepare_settings_image, &old_files, kPartition, "1-header/settings", kFewSecond},
    {"image-1-two-charges", &prepare_two_charges_image, &old_files, kPartition, "1-header/two-charges", kFewSecond},
};

}  // namespace

Scenarios scenarios() { return {kScenarios, sizeof kScenarios / sizeof *kScenarios}; }

void provision(Device& device) {
  device.set("csms_url", "ws://csms.example/ocpp");
  device.set("wifi_ssid", "Garage");
  device.set("local_id_tag", "BUTTON");
  device.set("backoff_max_ms", "1000");
  device.set("meter_value_sample_interval_s", "1");
  device.set("stop_txn_sampled_data", "Energy.Active.Import.Register");
  device.set("authorization_cache_enabled", "true");
  // The address of the CSMS applies after the next boot.
  device.power_off();
  device.world().provisioned = true;
  device.power_on();
  device.settle();
}

}  // namespace pb::powercut
