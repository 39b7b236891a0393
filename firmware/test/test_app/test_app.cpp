#include <string>

#include "support/app_device.h"
#include "support/check.h"
#include "support/ws_peer.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

void the_first_line_of_a_boot_is_the_banner_and_the_last_is_ready() {
  AppDevice device;
  device.system.reason = ResetReason::brownout;
  device.boot();
  const std::string log = device.uart.take();
  TEST_ASSERT_EQUAL_size_t(
      0, log.find("I (0) boot: plugbench-cp " PLUGBENCH_VERSION " build=0badcafe reset=brownout\r\n"));
  const std::string ready = "I (0) app: ready\r\n";
  TEST_ASSERT_EQUAL_size_t(log.size() - ready.size(), log.rfind(ready));
}

void a_setting_survives_a_reboot_in_the_same_process() {
  AppDevice device;
  device.boot();
  TEST_ASSERT_EQUAL_STRING("= ok\r\n", device.command("set heartbeat_interval_s 77").c_str());
  device.boot();
  check_contains("\"heartbeat_interval_s\":77", device.command("config"));
  TEST_ASSERT_FALSE(device.uart.wrote("no file system found"));
}

void bad_settings_are_answered_with_the_reason() {
  AppDevice device;
  device.boot();
  TEST_ASSERT_EQUAL_STRING(
      "= error: heartbeat_interval_s must be a whole number; see config help heartbeat_interval_s\r\n",
      device.command("set heartbeat_interval_s x").c_str());
  TEST_ASSERT_EQUAL_STRING("= error: set needs a key and a value\r\n", device.command("set").c_str());
  device.flash.full = true;
  TEST_ASSERT_EQUAL_STRING("= error: the setting cannot be stored: no space left\r\n",
                           device.command("set heartbeat_interval_s 5").c_str());
}

void a_setting_that_is_no_utf8_is_rejected() {
  AppDevice device;
  device.boot();
  for (const std::string key : {"local_id_tag", "wifi_ssid", "wifi_psk", "identity", "csms_url"}) {
    check_contains("= error: the line is not UTF-8", device.command("set " + key + " M\xfcller-12345678901234"));
  }
  check_contains("= error: the line is not UTF-8", device.command("transfer M\xfcller"));
  TEST_ASSERT_EQUAL_STRING("= ok\r\n", device.command("set local_id_tag M\xc3\xbcller-123456789012").c_str());
  device.boot();
  TEST_ASSERT_FALSE(device.uart.wrote("it has its default"));
  check_contains("\"local_id_tag\":\"M\xc3\xbcller-123456789012\"", device.command("config"));
}

void the_log_level_can_be_set_until_the_reboot_and_permanently() {
  AppDevice device;
  device.boot();
  TEST_ASSERT_EQUAL_STRING("= ok\r\n", device.command("log error").c_str());
  device.uart.take();
  device.boot();
  check_contains("I (0) app: ready", device.uart.take());
  TEST_ASSERT_EQUAL_STRING("= ok\r\n", device.command("set log_level error").c_str());
  device.boot();
  TEST_ASSERT_FALSE(device.uart.wrote("ready"));
}

void a_feature_has_its_own_log_level_until_the_reboot() {
  AppDevice device;
  device.boot();
  TEST_ASSERT_EQUAL_STRING("= ok\r\n", device.command("log level note error").c_str());
  device.uart.type("log note hidden\r\n");
  device.run_rounds(4);
  TEST_ASSERT_FALSE(device.uart.wrote("note: hidden"));
  check_contains("\"levels\":\"info,note=error\"", device.command("log"));
  TEST_ASSERT_EQUAL_STRING("= error: log level needs error, warning, info or debug\r\n",
                           device.command("log level note loud").c_str());
  check_contains("= error: log level must name features", device.command("log level wlan info"));
  device.boot();
  device.uart.take();
  device.uart.type("log note shown\r\n");
  device.run_rounds(4);
  check_contains("I (0) note: shown\r\n", device.uart.take());
  check_contains("\"levels\":\"info\"", device.command("log"));
}

void a_crash_is_shown_after_the_reboot() {
  AppDevice device;
  device.boot();
  device.command("log note last-words");
  device.system.reason = ResetReason::watchdog;
  device.system.has_crash_report = true;
  device.system.crash_report.cause.assign("the loop hangs");
  device.boot();
  check_contains(
      "E (0) crash: the last run crashed reason=watchdog uptime_ms=0 build=0badcafe cause=\"the loop hangs\"",
      device.uart.take());
  device.uart.type("log crash\r\n");
  for (int i = 0; i < 20; ++i) {
    device.run_rounds(4);
    device.clock.advance(20);
  }
  const std::string shown = device.uart.take();
  check_contains("L I (0) note: last-words\r\n", shown);
  check_contains("L E (0) crash: the last run crashed reason=watchdog", shown);
}

void bad_log_commands_are_answered_with_the_reason() {
  AppDevice device;
  device.boot();
  for (const char* bad : {"log loud", "log tail 0", "log tail x", "log dump 3", "log note", "log crash now"}) {
    check_contains("= error: log ", device.command(bad));
  }
  device.command("set log_files 0");
  TEST_ASSERT_EQUAL_STRING("= error: log_files is 0, so the log is not written to flash\r\n",
                           device.command("log flush").c_str());
}

void status_has_contactor_and_time() {
  AppDevice device;
  device.boot();
  const std::string answer = device.command("status");
  check_contains("\"contactor\":false", answer);
  check_contains("\"time_quality\":\"none\"", answer);
}

void status_has_the_stacks_where_the_platform_knows_them() {
  AppDevice device;
  device.boot();
  TEST_ASSERT_TRUE(device.command("status").find("stacks") == std::string::npos);
  device.system.knows_stacks = true;
  check_contains("\"stacks\":{\"main\":4321}", device.command("status"));
}

void reboot_ends_the_run_with_its_reason() {
  AppDevice device;
  App& app = device.boot();
  device.uart.take();
  device.uart.type("reboot\n");
  TEST_ASSERT_EQUAL(static_cast<int>(ResetReason::software), static_cast<int>(app.run()));
  TEST_ASSERT_EQUAL_STRING("= ok\r\n", AppDevice::answers(device.uart.take()).c_str());
}

void the_loop_prints_telemetry_while_it_runs() {
  AppDevice device;
  App& app = device.boot();
  device.uart.take();
  while (device.clock.now() < 2500) device.waker.sleep_until(app.run_once());
  const std::string log = device.uart.take();
  check_contains("T (1000) monitor: {\"uptime_ms\":1000", log);
  check_contains("T (2000) monitor: {\"uptime_ms\":2000", log);
  check_contains("\"tx_dropped\":0,\"calls_dropped\":0", log);
  TEST_ASSERT_TRUE(device.system.fed > 2);
}

void the_round_that_answers_a_command_takes_the_next_one() {
  AppDevice device;
  device.boot();
  device.command("set csms_url ws://csms.example");
  device.command("set wifi_ssid Garage");
  device.boot();
  device.network.become(NetworkState::up);
  device.run_rounds(1);
  WsPeer csms(device.tcp);
  csms.accept_tcp();
  device.run_rounds(1);
  csms.accept_handshake();
  device.run_rounds(2);
  const auto answer = [&](const std::string& payload) {
    const std::string call = csms.take_messages().at(0);
    csms.send("[3," + call.substr(3, call.find(',', 3) - 3) + "," + payload + "]");
  };
  answer(R"({"status":"Accepted","currentTime":"2024-05-01T12:00:00Z","interval":300})");
  device.run_rounds(2);
  answer("{}");  // StatusNotification of connector 0
  device.run_rounds(2);
  answer("{}");  // and of connector 1
  device.run_rounds(2);
  TEST_ASSERT_EQUAL_STRING("", device.command("transfer vendor\r\nstatus").c_str());
  answer(R"({"status":"Accepted"})");
  device.run_rounds(1);
  const std::string answers = AppDevice::answers(device.uart.take());
  check_contains("= {\"status\":\"Accepted\"}\r\n= {\"state\":", answers);
}

void test_commands_reach_the_test_controls_and_are_absent_in_release_builds() {
  AppDevice device;
  device.boot();
  TEST_ASSERT_EQUAL_STRING("= ok\r\n", device.command("crash assert").c_str());
  TEST_ASSERT_EQUAL(static_cast<int>(Crash::failed_assert), static_cast<int>(device.system.last_crash));
  TEST_ASSERT_EQUAL_STRING("= error: crash needs abort, null, assert or stack\r\n", device.command("crash").c_str());
  TEST_ASSERT_EQUAL_STRING("= ok\r\n", device.command("leak 64").c_str());
  TEST_ASSERT_EQUAL_size_t(64, device.system.leak);
  TEST_ASSERT_EQUAL_STRING("= ok\r\n", device.command("hang").c_str());
  TEST_ASSERT_EQUAL(1, device.system.hangs);
  TEST_ASSERT_EQUAL_STRING("= ok\r\n", device.command("load 200").c_str());
  device.run_rounds(1);
  TEST_ASSERT_EQUAL_UINT64(200 * TestLoad::kPeriod, device.system.worked);
  check_contains("of 0 to 900 permille", device.command("load 901"));
  TEST_ASSERT_EQUAL_STRING("= error: hang takes no argument\r\n", device.command("hang now").c_str());
  device.system.release_build = true;
  device.boot();
  check_contains("= error: unknown command 'crash'", device.command("crash abort"));
}

void the_network_light_and_the_fault_light_follow_the_features() {
  AppDevice device;
  device.gpio.drive(pins::kEmergencyStop, true);
  device.boot();
  device.run_rounds(1);
  TEST_ASSERT_TRUE(device.gpio.read(pins::kLedFault));
  TEST_ASSERT_FALSE(device.gpio.read(pins::kLedNetwork));
  device.gpio.drive(pins::kEmergencyStop, false);
  device.command("set wifi_ssid Garage");
  TEST_ASSERT_EQUAL(1, device.network.begins);
  device.network.become(NetworkState::up);
  device.run_rounds(1);
  TEST_ASSERT_FALSE(device.gpio.read(pins::kLedFault));
  TEST_ASSERT_TRUE(device.gpio.read(pins::kLedNetwork));
}

void the_device_starts_with_a_failing_flash() {
  AppDevice device;
  device.flash.cut_at(1, Tear::none);
  device.boot();
  TEST_ASSERT_TRUE(device.uart.wrote("the file system cannot be used"));
  TEST_ASSERT_TRUE(device.uart.wrote("app: ready"));
}

/// A provisioned device whose file system cannot be mounted.
struct DamagedDevice : AppDevice {
  std::vector<uint8_t> sound;

  DamagedDevice() {
    boot();
    command("set heartbeat_interval_s 77");
    run_rounds(4);
    sound = flash.content();
    for (size_t i = 0; i < 2 * Flash::kSectorSize; ++i) flash.content()[i] = 0x5A;
    boot();
    run_rounds(4);
  }
};

void a_damaged_file_system_is_reported_and_not_formatted() {
  DamagedDevice device;
  TEST_ASSERT_TRUE(
      device.uart.wrote("E (0) storage: the file system cannot be used: corrupt; nothing is stored and no"));
  const std::string status = device.command("status");
  check_contains("\"storage\":false", status);
  check_contains("\"settings\":\"lost\"", status);
  check_contains("\"state\":\"Faulted\"", status);
  check_contains("the flash failed", device.command("set heartbeat_interval_s 78"));
  device.clock.advance(StorageGuard::kRetry);
  device.run_rounds(4);
  TEST_ASSERT_FALSE(device.app->restart_requested());
  for (size_t i = 0; i < 2 * Flash::kSectorSize; ++i) TEST_ASSERT_EQUAL(0x5A, device.flash.content()[i]);
}

void a_charge_without_storage_does_not_begin() {
  DamagedDevice device;
  device.gpio.drive(pins::kCable, true);
  device.gpio.drive(pins::kVehicleReady, true);
  device.run_rounds(4);
  device.gpio.drive(pins::kAuthButton, true);
  device.run_rounds(4);
  TEST_ASSERT_FALSE(device.gpio.read(pins::kContactor));
  check_contains("\"transaction\":null", device.command("status"));
}

void a_file_system_that_can_be_used_again_restarts_the_device() {
  DamagedDevice device;
  device.flash.content() = device.sound;
  device.clock.advance(StorageGuard::kRetry - 1);
  device.run_rounds(2);
  TEST_ASSERT_FALSE(device.app->restart_requested());
  device.clock.advance(1);
  device.run_rounds(2);
  TEST_ASSERT_TRUE(device.app->restart_requested());
  TEST_ASSERT_TRUE_MESSAGE(device.flash.content() == device.sound, "it was written to before the restart");
  device.boot();
  check_contains("\"heartbeat_interval_s\":77", device.command("config"));
  check_contains("\"storage\":true", device.command("status"));
}

void the_owner_can_have_a_damaged_file_system_formatted() {
  DamagedDevice device;
  check_contains("= error: storage needs", device.command("storage format"));
  TEST_ASSERT_EQUAL_STRING("= ok\r\n", device.command("storage format yes").c_str());
  TEST_ASSERT_TRUE(device.app->restart_requested());
  device.boot();
  check_contains("\"state\":\"works\"", device.command("storage"));
  TEST_ASSERT_EQUAL_STRING("= error: the file system works, so it is not formatted\r\n",
                           device.command("storage format yes").c_str());
}

void a_device_that_never_had_a_file_system_formats_its_flash() {
  AppDevice device;
  for (uint8_t& byte : device.flash.content()) byte = 0x5A;
  device.boot();
  TEST_ASSERT_TRUE(device.uart.wrote("W (0) storage: no file system found: formatted"));
  device.run_rounds(4);
  TEST_ASSERT_TRUE_MESSAGE(device.secrets.has(secret::kStorage), "the next damage would be formatted, too");
}

void an_erased_flash_is_formatted() {
  DamagedDevice device;
  for (uint8_t& byte : device.flash.content()) byte = 0xFF;
  device.boot();
  TEST_ASSERT_TRUE(device.uart.wrote("W (0) storage: the flash was erased: formatted"));
}

/// A device that has stored an address of its CSMS, with a network.
struct ConnectedDevice : AppDevice {
  WsPeer peer{tcp};

  ConnectedDevice() {
    boot();
    command("set csms_url ws://old.example/");
    network.become(NetworkState::up);
    boot();
  }
  /// Runs the device, and lets `host` accept connections and BootNotification.
  void run_with(const std::string& host, Millis duration) {
    for (const Millis end = clock.now() + duration; clock.now() < end;) {
      const Millis due = app->run_once();
      worker.deliver_all();
      if (tcp.opens > seen_opens_) {
        seen_opens_ = tcp.opens;
        host_ = tcp.peer().host;
        if (host_ == host) {
          peer.accept_tcp();
          app->run_once();
          peer.accept_handshake();
          continue;
        }
        tcp.reset();
        continue;
      }
      if (host_ == host) answer_boots();
      if (due > clock.now()) clock.set(earlier(due, end));
    }
  }
  bool accepted() { return command("status").find("\"accepted\":true") != std::string::npos; }
  bool has_setting(const std::string& text) { return command("config").find(text) != std::string::npos; }

  int boots = 0;

 private:
  void answer_boots() {
    for (const std::string& message : peer.take_messages()) {
      if (message.find("\"BootNotification\"") == std::string::npos) continue;
      ++boots;
      const std::string id = message.substr(4, message.find('"', 4) - 4);
      peer.send("[3,\"" + id + R"(",{"status":"Accepted","currentTime":"2030-01-01T00:00:00Z","interval":300}])");
    }
  }
  int seen_opens_ = 0;
  std::string host_;
};

void another_csms_is_used_without_a_restart() {
  ConnectedDevice device;
  device.run_with("old.example", 5'000);
  TEST_ASSERT_TRUE(device.accepted());
  TEST_ASSERT_EQUAL(1, device.boots);
  TEST_ASSERT_EQUAL_STRING("= ok\r\n", device.command("set csms_url ws://new.example/").c_str());
  device.run_with("new.example", 10'000);
  TEST_ASSERT_TRUE(device.accepted());
  TEST_ASSERT_EQUAL_MESSAGE(2, device.boots, "another CSMS needs a BootNotification");
  device.run_with("new.example", 2 * CsmsTrial::kLimit);
  TEST_ASSERT_TRUE(device.has_setting("ws://new.example/"));
}

void a_csms_that_is_not_reached_is_reverted() {
  ConnectedDevice device;
  device.run_with("old.example", 5'000);
  device.command("set csms_url ws://typo.example/");
  device.run_with("old.example", CsmsTrial::kLimit - 1'000);
  TEST_ASSERT_TRUE(device.has_setting("ws://typo.example/"));
  device.run_with("old.example", 10'000);
  TEST_ASSERT_TRUE(device.has_setting("ws://old.example/"));
  TEST_ASSERT_TRUE(device.accepted());
}

void the_time_without_a_network_says_nothing_about_the_csms() {
  ConnectedDevice device;
  device.run_with("old.example", 5'000);
  device.command("set csms_url ws://new.example/");
  device.network.fall(Network::kReasonBeaconTimeout);
  for (Millis end = device.clock.now() + 2 * CsmsTrial::kLimit; device.clock.now() < end;) {
    device.app->run_once();
    device.network.fall(Network::kReasonNoAccessPoint);
    device.clock.advance(1'000);
  }
  TEST_ASSERT_TRUE(device.has_setting("ws://new.example/"));
}

void a_telemetry_record_stays_below_its_limit() {
  ConnectedDevice device;
  device.run_with("old.example", 20'000);
  device.network.info.rssi = -120;
  device.uart.take();
  // Nearly the highest uptime of a year, so that the numbers are long.
  device.clock.set(31'536'000'000);
  device.app->run_once();
  const std::string log = device.uart.take();
  const size_t start = log.find("T (");
  TEST_ASSERT_TRUE(start != std::string::npos);
  const size_t length = log.find("\r\n", start) - start;
  TEST_ASSERT_TRUE_MESSAGE(length + 60 <= Monitor::kMaxRecord, std::to_string(length).c_str());
}

void the_full_telemetry_has_the_features_and_units() {
  ConnectedDevice device;
  device.run_with("old.example", 20'000);
  const std::string full = device.command("status full");
  for (const char* part : {"\"features\":{\"wifi\":0,", "\"turns\":[", "\"call_p95\":", "\"calls\":",
                           "\"flash_programs\":", "\"rssi\":-60", "\"lost_network\":0", "\"ping_p95\":"}) {
    check_contains(part, full);
  }
  TEST_ASSERT_TRUE_MESSAGE(full.find("\"flash_programs\":0,") == std::string::npos, full.c_str());
  check_contains("\"call_p95\":\"ms\"", device.command("status units"));
  check_contains("= error: status needs full, units or nothing", device.command("status everything"));
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(the_first_line_of_a_boot_is_the_banner_and_the_last_is_ready);
  RUN_TEST(a_setting_survives_a_reboot_in_the_same_process);
  RUN_TEST(bad_settings_are_answered_with_the_reason);
  RUN_TEST(a_setting_that_is_no_utf8_is_rejected);
  RUN_TEST(the_log_level_can_be_set_until_the_reboot_and_permanently);
  RUN_TEST(a_feature_has_its_own_log_level_until_the_reboot);
  RUN_TEST(a_crash_is_shown_after_the_reboot);
  RUN_TEST(bad_log_commands_are_answered_with_the_reason);
  RUN_TEST(status_has_contactor_and_time);
  RUN_TEST(status_has_the_stacks_where_the_platform_knows_them);
  RUN_TEST(reboot_ends_the_run_with_its_reason);
  RUN_TEST(the_loop_prints_telemetry_while_it_runs);
  RUN_TEST(the_round_that_answers_a_command_takes_the_next_one);
  RUN_TEST(test_commands_reach_the_test_controls_and_are_absent_in_release_builds);
  RUN_TEST(the_network_light_and_the_fault_light_follow_the_features);
  RUN_TEST(the_device_starts_with_a_failing_flash);
  RUN_TEST(a_damaged_file_system_is_reported_and_not_formatted);
  RUN_TEST(a_charge_without_storage_does_not_begin);
  RUN_TEST(a_file_system_that_can_be_used_again_restarts_the_device);
  RUN_TEST(the_owner_can_have_a_damaged_file_system_formatted);
  RUN_TEST(a_device_that_never_had_a_file_system_formats_its_flash);
  RUN_TEST(an_erased_flash_is_formatted);
  RUN_TEST(another_csms_is_used_without_a_restart);
  RUN_TEST(a_csms_that_is_not_reached_is_reverted);
  RUN_TEST(the_time_without_a_network_says_nothing_about_the_csms);
  RUN_TEST(a_telemetry_record_stays_below_its_limit);
  RUN_TEST(the_full_telemetry_has_the_features_and_units);
  return UNITY_END();
}
