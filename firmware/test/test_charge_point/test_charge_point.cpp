#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/app.h"
#include "support/check.h"
#include "support/fake_clock.h"
#include "support/fake_gpio.h"
#include "support/fake_network.h"
#include "support/fake_rng.h"
#include "support/fake_system.h"
#include "support/fake_tcp.h"
#include "support/fake_uart.h"
#include "support/fake_waker.h"
#include "support/fake_worker.h"
#include "support/ram_flash.h"
#include "support/ws_peer.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

/// A whole device and a CSMS in one process, on one clock.
struct Rig {
  FakeClock clock;
  FakeRng rng;
  FakeGpio gpio;
  FakeUart uart;
  FakeNetwork network;
  FakeTcp tcp;
  RamFlash flash;
  FakeHeap heap;
  FakeWorker worker;
  FakeWaker waker{clock};
  FakeSystem system;
  WsPeer peer{tcp};
  std::unique_ptr<App> app;

  bool reachable = true;
  bool connected = false;
  int opens = 0;
  /// What the CSMS answers instead of its usual answer: a payload, "Error CODE", or "" for no answer at all.
  std::map<std::string, std::string> answers;
  /// What the CSMS heard: actions with their payload; answers to its own requests as the whole frame.
  std::deque<std::pair<std::string, std::string>> heard;
  int next_transaction = 100;

  Rig() {
    gpio.drive(pins::kEmergencyStop, false);
    boot();
    set("csms_url", "ws://csms/ocpp");
    set("identity", "CP-1");
    set("wifi_ssid", "net");
    set("local_id_tag", "LOCAL");
    set("ws_ping_interval_s", "0");
    set("backoff_initial_ms", "100");
    set("backoff_max_ms", "100");
    boot();
  }
  void boot() {
    app.reset();
    tcp = FakeTcp();
    opens = 0;
    connected = false;
    network = FakeNetwork();
    app = std::make_unique<App>(Ports{clock, rng, gpio, uart, network, tcp, flash, heap, worker, waker, system});
  }
  void set(const std::string& key, const std::string& value) {
    uart.type("set " + key + " " + value + "\r\n");
    for (int i = 0; i < 4; ++i) app->run_once();
  }

  /// Everything that can happen at this moment. @return when the device wants to go on.
  Millis settle() {
    Millis due = 0;
    for (int quiet = 0; quiet < 3;) {
      due = app->run_once();
      quiet = serve() ? 0 : quiet + 1;
    }
    return due;
  }
  /// Lets time pass, in the steps that the device asks for.
  void pass(Millis duration) {
    Millis end = clock.now() + duration;
    while (true) {
      Millis due = settle();
      if (app->restart_requested() || due > end) break;
      if (due > clock.now()) clock.set(due);
    }
    if (!app->restart_requested() && end > clock.now()) clock.set(end);
    settle();
  }

  /// The other ends of Wi-Fi, TCP and WebSocket. @return whether anything happened.
  bool serve() {
    if (network.state() == NetworkState::associating) {
      network.become(NetworkState::up);
      return true;
    }
    if (tcp.last == Tcp::kNoSocket || !tcp.peer().used) {
      connected = false;
      return false;
    }
    if (tcp.opens != opens) {
      opens = tcp.opens;
      connected = false;
      if (reachable) {
        peer.accept_tcp();
      } else {
        tcp.reset();
      }
      return true;
    }
    if (!connected) {
      if (tcp.peer().sent.find("\r\n\r\n") == std::string::npos) return false;
      peer.accept_handshake();
      return connected = true;
    }
    bool something = false;
    for (const std::string& message : peer.take_messages()) {
      something = true;
      take(message);
    }
    return something;
  }
  void take(const std::string& message) {
    JsonError error;
    JsonValue frame = parse_json({message.data(), message.size()}, error);
    TEST_ASSERT_TRUE(frame.exists());
    if (frame.at(0).raw() != "2") {
      heard.emplace_back("answer", message);
      return;
    }
    MessageId id;
    FixedText<kMaxAction> action;
    frame.at(1).get(id);
    frame.at(2).get(action);
    heard.emplace_back(action.c_str(), str(frame.at(3).raw()));
    std::string answer = "{}";
    if (answers.count(action.c_str()) > 0) {
      answer = answers[action.c_str()];
    } else if (action.text() == "BootNotification") {
      answer = "{\"status\":\"Accepted\",\"interval\":300,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
    } else if (action.text() == "Heartbeat") {
      answer = "{\"currentTime\":\"2024-05-01T13:00:00Z\"}";
    } else if (action.text() == "Authorize") {
      answer = "{\"idTagInfo\":{\"status\":\"Accepted\"}}";
    } else if (action.text() == "StartTransaction") {
      answer = "{\"idTagInfo\":{\"status\":\"Accepted\"},\"transactionId\":" + std::to_string(next_transaction++) + "}";
    }
    if (answer.empty()) return;
    const bool is_error = answer.find("Error") == 0;
    peer.send(is_error ? "[4,\"" + std::string(id.c_str()) + "\",\"" + answer.substr(6) + "\",\"\",{}]"
                       : "[3,\"" + std::string(id.c_str()) + "\"," + answer + "]");
  }
  /// A request of the CSMS. @return the answer, as the whole frame.
  std::string ask(const std::string& action, const std::string& payload) {
    heard.clear();
    peer.send("[2,\"q\",\"" + action + "\"," + payload + "]");
    settle();
    for (const auto& one : heard) {
      if (one.first == "answer") return one.second;
    }
    return "";
  }
  void lose_link() {
    tcp.reset();
    connected = false;
    app->run_once();
  }
  void press() {
    clock.advance(100);
    gpio.drive(pins::kAuthButton, true);
    gpio.drive(pins::kAuthButton, false);
    settle();
  }
  void drive(int pin, bool level) {
    gpio.drive(pin, level);
    settle();
  }

  /// What was heard since the last call: actions, with the status of notifications, separated by blanks.
  std::string story() {
    std::string all;
    for (const auto& one : heard) {
      if (!all.empty()) all += ' ';
      all += one.first == "StatusNotification" ? field(one.second, "connectorId") + ":" + field(one.second, "status")
                                               : one.first;
    }
    heard.clear();
    return all;
  }
  static std::string field(const std::string& payload, const char* path) {
    JsonError error;
    JsonValue value = parse_json({payload.data(), payload.size()}, error).path(path);
    FixedText<64> text;
    return value.get(text) ? text.c_str() : str(value.raw());
  }
  std::string last(const char* action, const char* path) {
    for (auto one = heard.rbegin(); one != heard.rend(); ++one) {
      if (one->first == action) return field(one->second, path);
    }
    return "never heard";
  }
  void assert_story(const char* expected) { TEST_ASSERT_EQUAL_STRING(expected, story().c_str()); }
};

void boot_tells_who_we_are_and_both_connectors() {
  Rig rig;
  rig.settle();
  TEST_ASSERT_EQUAL_STRING("Plugbench", rig.last("BootNotification", "chargePointVendor").c_str());
  TEST_ASSERT_EQUAL_STRING(PLUGBENCH_VERSION, rig.last("BootNotification", "firmwareVersion").c_str());
  TEST_ASSERT_EQUAL_STRING("2024-05-01T12:00:00.000Z", rig.last("StatusNotification", "timestamp").c_str());
  rig.assert_story("BootNotification 0:Available 1:Available");
}

void pending_is_asked_again_and_nothing_else_is_sent() {
  Rig rig;
  rig.answers["BootNotification"] = "{\"status\":\"Pending\",\"interval\":20,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.pass(19'999);
  rig.assert_story("BootNotification");
  rig.pass(1);
  rig.assert_story("BootNotification");
  check_contains("[3,\"q\",{\"status\":\"Rejected\"}]", rig.ask("RemoteStartTransaction", "{\"idTag\":\"R\"}"));
  rig.heard.clear();
  rig.answers.clear();
  rig.pass(20'000);
  rig.assert_story("BootNotification 0:Available 1:Preparing");
}

void rejected_answers_nothing_and_asks_again() {
  Rig rig;
  rig.answers["BootNotification"] = "{\"status\":\"Rejected\",\"interval\":0,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.settle();
  rig.assert_story("BootNotification");
  TEST_ASSERT_EQUAL_STRING("", rig.ask("Reset", "{\"type\":\"Soft\"}").c_str());
  rig.pass(ChargePoint::kBootRetry);
  rig.assert_story("BootNotification");
}

void boot_notification_that_is_refused_or_not_answered_is_repeated() {
  Rig rig;
  rig.answers["BootNotification"] = "";
  rig.pass(Messenger::kCallTimeout + ChargePoint::kBootRetry - 1);
  rig.assert_story("BootNotification");
  rig.answers["BootNotification"] = "Error InternalError";
  rig.pass(1);
  rig.assert_story("BootNotification");
}

void mere_reconnect_is_no_boot() {
  Rig rig;
  rig.settle();
  rig.story();
  rig.lose_link();
  rig.pass(200);
  rig.assert_story("");
  rig.lose_link();
  rig.drive(pins::kCable, true);
  rig.pass(200);
  rig.assert_story("1:Preparing");
}

void link_lost_before_the_boot_answer_boots_again_at_once() {
  Rig rig;
  rig.answers["BootNotification"] = "";
  rig.settle();
  rig.lose_link();
  rig.answers.clear();
  rig.pass(200);
  rig.assert_story("BootNotification BootNotification 0:Available 1:Available");
}

void status_that_was_not_confirmed_is_told_again_after_a_reconnect() {
  Rig rig;
  rig.settle();
  rig.story();
  rig.answers["StatusNotification"] = "";
  rig.drive(pins::kCable, true);
  rig.assert_story("1:Preparing");
  rig.lose_link();
  rig.answers.clear();
  rig.pass(200);
  rig.assert_story("1:Preparing");
}

void heartbeat_keeps_interval_and_clock() {
  Rig rig;
  rig.settle();
  rig.story();
  rig.pass(299'999);
  rig.assert_story("");
  rig.pass(1);
  rig.assert_story("Heartbeat");
  rig.drive(pins::kCable, true);
  TEST_ASSERT_EQUAL_STRING("2024-05-01T13:00:00.000Z", rig.last("StatusNotification", "timestamp").c_str());
}

void charge_is_told_in_the_order_in_which_it_happened() {
  Rig rig;
  rig.settle();
  rig.story();
  rig.drive(pins::kVehicleReady, true);
  rig.gpio.drive(pins::kCable, true);
  rig.press();
  rig.assert_story("1:Preparing Authorize StartTransaction 1:Charging");
  rig.gpio.pulse(pins::kMeterPulse, 250);
  rig.pass(60'000);
  TEST_ASSERT_EQUAL_STRING("250", rig.last("MeterValues", "meterValue.0.sampledValue.0.value").c_str());
  TEST_ASSERT_EQUAL_STRING("100", rig.last("MeterValues", "transactionId").c_str());
  rig.gpio.pulse(pins::kMeterPulse, 50);
  rig.press();
  TEST_ASSERT_EQUAL_STRING("300", rig.last("StopTransaction", "meterStop").c_str());
  TEST_ASSERT_EQUAL_STRING("Local", rig.last("StopTransaction", "reason").c_str());
  rig.assert_story("MeterValues StopTransaction 1:Finishing");
  rig.drive(pins::kCable, false);
  rig.assert_story("1:Available");
}

void emergency_stop_is_told_for_both_connectors() {
  Rig rig;
  rig.drive(pins::kVehicleReady, true);
  rig.drive(pins::kCable, true);
  rig.press();
  rig.story();
  rig.drive(pins::kEmergencyStop, true);
  TEST_ASSERT_EQUAL_STRING("EmergencyStop", rig.last("StopTransaction", "reason").c_str());
  TEST_ASSERT_EQUAL_STRING("OtherError", rig.last("StatusNotification", "errorCode").c_str());
  rig.assert_story("StopTransaction 0:Faulted 1:Faulted");
  rig.drive(pins::kEmergencyStop, false);
  rig.assert_story("0:Available 1:Finishing");
}

void refused_id_tag_does_not_charge() {
  Rig rig;
  rig.settle();
  rig.story();
  rig.answers["Authorize"] = "{\"idTagInfo\":{\"status\":\"Blocked\"}}";
  rig.drive(pins::kCable, true);
  rig.press();
  rig.pass(1000);
  rig.assert_story("1:Preparing Authorize");
  rig.answers.clear();
  rig.answers["StartTransaction"] = "{\"idTagInfo\":{\"status\":\"Invalid\"},\"transactionId\":7}";
  rig.press();
  rig.pass(1000);
  TEST_ASSERT_EQUAL_STRING("DeAuthorized", rig.last("StopTransaction", "reason").c_str());
  TEST_ASSERT_EQUAL_STRING("7", rig.last("StopTransaction", "transactionId").c_str());
}

void offline_charge_is_told_when_the_link_is_back() {
  Rig rig;
  rig.settle();
  rig.story();
  rig.reachable = false;
  rig.lose_link();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.pass(120'000);
  rig.press();
  rig.drive(pins::kCable, false);
  rig.assert_story("");
  rig.reachable = true;
  rig.pass(1000);
  rig.assert_story("StartTransaction MeterValues MeterValues StopTransaction");
}

void remote_start_and_stop_are_answered_before_they_are_carried_out() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  TEST_ASSERT_EQUAL_STRING("[3,\"q\",{\"status\":\"Accepted\"}]",
                           rig.ask("RemoteStartTransaction", "{\"idTag\":\"R\",\"connectorId\":1}").c_str());
  rig.assert_story("answer StartTransaction 1:SuspendedEV");
  TEST_ASSERT_EQUAL_STRING("[3,\"q\",{\"status\":\"Rejected\"}]",
                           rig.ask("RemoteStopTransaction", "{\"transactionId\":99}").c_str());
  TEST_ASSERT_EQUAL_STRING("[3,\"q\",{\"status\":\"Accepted\"}]",
                           rig.ask("RemoteStopTransaction", "{\"transactionId\":100}").c_str());
  TEST_ASSERT_EQUAL_STRING("Remote", rig.last("StopTransaction", "reason").c_str());
  rig.assert_story("answer StopTransaction 1:Finishing");
  TEST_ASSERT_EQUAL_STRING("[3,\"q\",{\"status\":\"Rejected\"}]",
                           rig.ask("RemoteStartTransaction", "{\"idTag\":\"R\",\"connectorId\":2}").c_str());
}

void bad_requests_get_the_code_of_their_fault() {
  Rig rig;
  rig.settle();
  struct Case {
    const char* action;
    const char* payload;
    const char* code;
  };
  const Case cases[] = {
      {"Nothing", "{}", "NotImplemented"},
      {"GetDiagnostics", "{}", "NotSupported"},
      {"SetChargingProfile", "{}", "NotSupported"},
      {"Reset", "{}", "OccurenceConstraintViolation"},
      {"Reset", "{\"type\":5}", "TypeConstraintViolation"},
      {"Reset", "{\"type\":\"Warm\"}", "PropertyConstraintViolation"},
      {"Reset", "{\"type\":\"soft\"}", "PropertyConstraintViolation"},
      {"RemoteStartTransaction", "{\"idTag\":\"123456789012345678901\"}", "PropertyConstraintViolation"},
      {"RemoteStartTransaction", "{\"idTag\":\"A\",\"connectorId\":1.5}", "TypeConstraintViolation"},
      {"RemoteStopTransaction", "{\"transactionId\":\"1\"}", "TypeConstraintViolation"},
      {"RemoteStopTransaction", "{\"transactionId\":1,\"reason\":\"Local\"}", "FormationViolation"},
      {"ClearCache", "{\"all\":true}", "FormationViolation"},
      {"Reset", "{\"type\":\"Soft\",\"type\":\"Hard\"}", "FormationViolation"},
      {"ChangeAvailability", "{\"connectorId\":1}", "OccurenceConstraintViolation"},
      {"ChangeAvailability", "{\"connectorId\":1,\"type\":\"Broken\"}", "PropertyConstraintViolation"},
      {"ChangeConfiguration", "{\"key\":\"HeartbeatInterval\",\"value\":60}", "TypeConstraintViolation"},
      {"ChangeConfiguration", "{\"key\":\"HeartbeatInterval\"}", "OccurenceConstraintViolation"},
      {"GetConfiguration", "{\"key\":\"HeartbeatInterval\"}", "TypeConstraintViolation"},
      {"GetConfiguration", "{\"key\":[5]}", "TypeConstraintViolation"},
      {"GetConfiguration", "{\"keys\":[]}", "FormationViolation"},
      {"TriggerMessage", "{\"requestedMessage\":\"Authorize\"}", "PropertyConstraintViolation"},
      {"TriggerMessage", "{\"requestedMessage\":\"Heartbeat\",\"connectorId\":\"1\"}", "TypeConstraintViolation"},
      {"UnlockConnector", "{}", "OccurenceConstraintViolation"},
      {"DataTransfer", "{\"data\":\"x\"}", "OccurenceConstraintViolation"},
      {"DataTransfer", "{\"vendorId\":\"Plugbench\",\"messageId\":\"Echo\",\"data\":{}}", "TypeConstraintViolation"},
      {"RemoteStartTransaction", "{\"idTag\":\"A\",\"chargingProfile\":{}}", "OccurenceConstraintViolation"},
  };
  for (const Case& c : cases) {
    check_contains(std::string("[4,\"q\",\"") + c.code + "\"", rig.ask(c.action, c.payload));
  }
  TEST_ASSERT_FALSE(rig.app->restart_requested());
}

void reset_ends_the_transaction_and_restarts() {
  for (const char* type : {"Soft", "Hard"}) {
    Rig rig;
    rig.settle();
    rig.drive(pins::kCable, true);
    rig.press();
    check_contains("Accepted", rig.ask("Reset", std::string("{\"type\":\"") + type + "\"}"));
    rig.pass(2'000);
    TEST_ASSERT_EQUAL_STRING((std::string(type) + "Reset").c_str(), rig.last("StopTransaction", "reason").c_str());
    TEST_ASSERT_TRUE(rig.app->restart_requested());
    rig.story();
    rig.system.reason = ResetReason::software;
    rig.boot();
    rig.settle();
    rig.assert_story("BootNotification 0:Available 1:Preparing");
  }
}

void reset_without_answers_restarts_all_the_same_and_loses_nothing() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.answers["StopTransaction"] = "";
  rig.ask("Reset", "{\"type\":\"Soft\"}");
  rig.pass(ChargePoint::kSoftResetLimit + 2'000);
  TEST_ASSERT_TRUE(rig.app->restart_requested());
  rig.story();
  rig.answers.clear();
  rig.boot();
  rig.settle();
  TEST_ASSERT_EQUAL_STRING("SoftReset", rig.last("StopTransaction", "reason").c_str());
  rig.assert_story("BootNotification StopTransaction 0:Available 1:Preparing");
}

void power_cut_in_a_charge_is_told_after_the_boot() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.gpio.pulse(pins::kMeterPulse, 40);
  rig.pass(60'000);
  rig.story();
  rig.boot();
  rig.settle();
  TEST_ASSERT_EQUAL_STRING("PowerLoss", rig.last("StopTransaction", "reason").c_str());
  TEST_ASSERT_EQUAL_STRING("40", rig.last("StopTransaction", "meterStop").c_str());
  rig.assert_story("BootNotification StopTransaction 0:Available 1:Preparing");
}

// ---- configuration

std::string status_answer(const char* status) { return std::string("[3,\"q\",{\"status\":\"") + status + "\"}]"; }

std::string get(Rig& rig, const std::string& key) {
  return Rig::field(rig.ask("GetConfiguration", "{\"key\":[\"" + key + "\"]}"), "2.configurationKey.0.value");
}

std::string change(Rig& rig, const std::string& key, const std::string& value) {
  return Rig::field(rig.ask("ChangeConfiguration", "{\"key\":\"" + key + "\",\"value\":\"" + value + "\"}"),
                    "2.status");
}

void assert_is(const char* expected, const std::string& actual) { TEST_ASSERT_EQUAL_STRING(expected, actual.c_str()); }

void configuration_is_told_whole_or_in_part() {
  Rig rig;
  rig.settle();
  const std::string all = rig.ask("GetConfiguration", "{}");
  check_contains("{\"key\":\"NumberOfConnectors\",\"readonly\":true,\"value\":\"1\"}", all);
  check_contains("{\"key\":\"HeartbeatInterval\",\"readonly\":false,\"value\":\"300\"}", all);
  check_contains("{\"key\":\"SupportedFeatureProfiles\",\"readonly\":true", all);
  TEST_ASSERT_TRUE(all.find("unknownKey") == std::string::npos);
  TEST_ASSERT_TRUE(all.find("wifi") == std::string::npos);
  TEST_ASSERT_TRUE(all == rig.ask("GetConfiguration", "{\"key\":[]}"));
  assert_is(
      "[3,\"q\",{\"configurationKey\":[{\"key\":\"NumberOfConnectors\",\"readonly\":true,\"value\":\"1\"}],"
      "\"unknownKey\":[\"Colour\",\"wifi_psk\"]}]",
      rig.ask("GetConfiguration", "{\"key\":[\"Colour\",\"numberofconnectors\",\"wifi_psk\"]}"));
  std::string keys;
  for (uint32_t i = 0; i < Config::kMaxKeysOfRequest; ++i) keys += "\"HeartbeatInterval\",";
  check_contains("[3,", rig.ask("GetConfiguration", "{\"key\":[" + keys.substr(0, keys.size() - 1) + "]}"));
  check_contains("OccurenceConstraintViolation", rig.ask("GetConfiguration", "{\"key\":[" + keys + "\"One\"]}"));
  check_contains("PropertyConstraintViolation",
                 rig.ask("GetConfiguration", "{\"key\":[\"" + std::string(51, 'k') + "\"]}"));
}

void configuration_changes_are_accepted_when_stored() {
  Rig rig;
  rig.settle();
  assert_is("Accepted", change(rig, "MeterValueSampleInterval", "7"));
  assert_is("7", get(rig, "MeterValueSampleInterval"));
  assert_is("RebootRequired", change(rig, "WebSocketPingInterval", "20"));
  assert_is("NotSupported", change(rig, "meter_value_sample_interval_s", "7"));
  assert_is("NotSupported", change(rig, "Colour", "red"));
  assert_is("Rejected", change(rig, "NumberOfConnectors", "2"));
  rig.uart.take();
  assert_is("Rejected", change(rig, "HeartbeatInterval", "never"));
  check_contains("W (0) cp: the CSMS sets HeartbeatInterval to 'never', which is rejected: it must be a whole number",
                 rig.uart.take());
  rig.boot();
  rig.settle();
  assert_is("7", get(rig, "MeterValueSampleInterval"));
  assert_is("20", get(rig, "WebSocketPingInterval"));
}

void configuration_changes_are_not_accepted_before_they_are_stored() {
  Rig rig;
  rig.settle();
  rig.heard.clear();
  rig.worker.hold = true;
  TEST_ASSERT_EQUAL_STRING("", change(rig, "MeterValueSampleInterval", "7").c_str());
  rig.worker.hold = false;
  rig.settle();
  check_contains("Accepted", rig.heard.back().second);
}

void late_answer_does_not_outlive_its_connection() {
  Rig rig;
  rig.settle();
  rig.worker.hold = true;
  TEST_ASSERT_EQUAL_STRING("", change(rig, "MeterValueSampleInterval", "7").c_str());
  rig.lose_link();
  rig.worker.hold = false;
  rig.pass(1'000);
  for (const auto& one : rig.heard) TEST_ASSERT_TRUE(one.first != "answer");
  assert_is("7", get(rig, "MeterValueSampleInterval"));
}

void heartbeat_interval_can_be_changed_while_it_runs() {
  Rig rig;
  rig.settle();
  assert_is("Accepted", change(rig, "HeartbeatInterval", "30"));
  rig.story();
  rig.pass(29'999);
  rig.assert_story("");
  rig.pass(1);
  rig.assert_story("Heartbeat");
}

void heartbeat_interval_of_the_boot_answer_is_what_configuration_tells() {
  Rig rig;
  rig.answers["BootNotification"] =
      "{\"status\":\"Accepted\",\"interval\":45,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.settle();
  assert_is("45", get(rig, "HeartbeatInterval"));
}

// ---- availability

std::string availability(Rig& rig, int connector, const char* type) {
  return rig.ask("ChangeAvailability", "{\"connectorId\":" + std::to_string(connector) + ",\"type\":\"" + type + "\"}");
}

void connector_is_made_inoperative_and_back_over_a_reboot() {
  Rig rig;
  rig.settle();
  assert_is(status_answer("Accepted").c_str(), availability(rig, 1, "Inoperative"));
  rig.assert_story("answer 1:Unavailable");
  assert_is(status_answer("Accepted").c_str(), availability(rig, 1, "Inoperative"));
  rig.assert_story("answer");
  rig.drive(pins::kCable, true);
  rig.press();
  rig.assert_story("");
  assert_is(status_answer("Rejected").c_str(), rig.ask("RemoteStartTransaction", "{\"idTag\":\"R\"}"));
  rig.boot();
  rig.story();
  rig.settle();
  rig.assert_story("BootNotification 0:Available 1:Unavailable");
  assert_is(status_answer("Accepted").c_str(), availability(rig, 1, "Operative"));
  rig.assert_story("answer 1:Preparing");
}

void whole_charge_point_is_made_inoperative_and_back() {
  Rig rig;
  rig.settle();
  rig.story();
  assert_is(status_answer("Accepted").c_str(), availability(rig, 0, "Inoperative"));
  rig.assert_story("answer 0:Unavailable 1:Unavailable");
  assert_is(status_answer("Rejected").c_str(), availability(rig, 1, "Operative"));
  assert_is(status_answer("Accepted").c_str(), availability(rig, 1, "Inoperative"));
  rig.story();
  assert_is(status_answer("Accepted").c_str(), availability(rig, 0, "Operative"));
  rig.assert_story("answer 0:Available 1:Available");
  availability(rig, 1, "Inoperative");
  rig.story();
  availability(rig, 0, "Inoperative");
  rig.assert_story("answer 0:Unavailable");
  assert_is(status_answer("Rejected").c_str(), availability(rig, 2, "Operative"));
  assert_is(status_answer("Rejected").c_str(), availability(rig, -1, "Operative"));
}

void inoperative_waits_for_the_end_of_the_transaction() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.story();
  assert_is(status_answer("Scheduled").c_str(), availability(rig, 1, "Inoperative"));
  assert_is(status_answer("Scheduled").c_str(), availability(rig, 1, "Inoperative"));
  rig.story();
  rig.pass(1'000);
  rig.assert_story("");
  rig.press();
  rig.assert_story("StopTransaction 1:Finishing");
  assert_is(status_answer("Scheduled").c_str(), availability(rig, 1, "Inoperative"));
  rig.story();
  rig.drive(pins::kCable, false);
  rig.assert_story("1:Unavailable");
  availability(rig, 1, "Operative");
  rig.assert_story("answer 1:Available");
}

// ---- a power failure of a length that is told late

/// A charge that goes on after the boot without a CSMS; then the CSMS tells the time.
/// @return what the transaction has come to: "open", or the reason of its end.
std::string charge_after_a_cut_of(Rig& rig, const char* time_told_late) {
  rig.set("power_fail_action", "resume");
  rig.set("power_resume_limit_s", "600");
  rig.gpio.drive(pins::kVehicleReady, true);
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.boot();
  rig.reachable = false;
  rig.pass(Charging::kResumeWait + 1'000);
  TEST_ASSERT_TRUE_MESSAGE(rig.gpio.read(pins::kContactor), "nobody knows better: it goes on");
  rig.answers["BootNotification"] =
      std::string("{\"status\":\"Accepted\",\"interval\":300,\"currentTime\":\"") + time_told_late + "\"}";
  rig.reachable = true;
  rig.story();
  rig.pass(2'000);
  const std::string reason = rig.last("StopTransaction", "reason");
  return reason == "never heard" ? "open" : reason;
}

void charge_that_should_not_have_gone_on_ends_when_that_is_known() {
  Rig too_long;
  assert_is("PowerLoss", charge_after_a_cut_of(too_long, "2024-05-01T12:12:00Z"));
  TEST_ASSERT_FALSE(too_long.gpio.read(pins::kContactor));
  Rig short_one;
  assert_is("open", charge_after_a_cut_of(short_one, "2024-05-01T12:05:00Z"));
  TEST_ASSERT_TRUE(short_one.gpio.read(pins::kContactor));
}

void inoperative_in_a_charge_is_still_scheduled_after_a_cut() {
  Rig rig;
  rig.set("power_fail_action", "resume");
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  assert_is(status_answer("Scheduled").c_str(), availability(rig, 1, "Inoperative"));
  rig.boot();
  rig.story();
  rig.settle();
  assert_is("SuspendedEV", rig.last("StatusNotification", "status"));
  rig.press();
  assert_is("Finishing", rig.last("StatusNotification", "status"));
  rig.drive(pins::kCable, false);
  assert_is("Unavailable", rig.last("StatusNotification", "status"));
}

void scheduled_inoperative_can_be_taken_back() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  assert_is(status_answer("Scheduled").c_str(), availability(rig, 0, "Inoperative"));
  assert_is(status_answer("Accepted").c_str(), availability(rig, 0, "Operative"));
  rig.story();
  rig.press();
  rig.assert_story("StopTransaction 1:Finishing");
}

// ---- unlock

void unlock_waits_for_the_lock() {
  Rig rig;
  rig.settle();
  rig.story();
  assert_is(status_answer("Unlocked").c_str(), rig.ask("UnlockConnector", "{\"connectorId\":1}"));
  rig.gpio.drive(pins::kLockFeedback, true);
  rig.settle();
  assert_is("", rig.ask("UnlockConnector", "{\"connectorId\":1}"));
  rig.pass(500);
  rig.drive(pins::kLockFeedback, false);
  assert_is(status_answer("Unlocked").c_str(), rig.heard.back().second);
  assert_is(status_answer("NotSupported").c_str(), rig.ask("UnlockConnector", "{\"connectorId\":2}"));
  assert_is(status_answer("NotSupported").c_str(), rig.ask("UnlockConnector", "{\"connectorId\":0}"));
}

void unlock_fails_when_the_lock_stays() {
  Rig rig;
  rig.settle();
  rig.gpio.drive(pins::kLockFeedback, true);
  rig.settle();
  rig.heard.clear();
  assert_is("", rig.ask("UnlockConnector", "{\"connectorId\":1}"));
  rig.pass(CsmsRequests::kUnlockLimit - 1);
  rig.assert_story("");
  rig.pass(1);
  assert_is(status_answer("UnlockFailed").c_str(), rig.heard.back().second);
}

void unlock_ends_the_transaction_first() {
  Rig rig;
  rig.settle();
  rig.gpio.drive(pins::kLockFeedback, true);
  rig.drive(pins::kCable, true);
  rig.press();
  rig.story();
  assert_is("", rig.ask("UnlockConnector", "{\"connectorId\":1}"));
  assert_is("UnlockCommand", rig.last("StopTransaction", "reason"));
  TEST_ASSERT_FALSE(rig.gpio.read(pins::kLock));
  rig.drive(pins::kLockFeedback, false);
  assert_is(status_answer("Unlocked").c_str(), rig.heard.back().second);
}

// ---- trigger

std::string trigger(Rig& rig, const std::string& fields) {
  return Rig::field(rig.ask("TriggerMessage", "{\"requestedMessage\":" + fields + "}"), "2.status");
}

void triggered_messages_follow_the_answer() {
  Rig rig;
  rig.settle();
  rig.story();
  assert_is("Accepted", trigger(rig, "\"Heartbeat\""));
  rig.assert_story("answer Heartbeat");
  assert_is("Accepted", trigger(rig, "\"StatusNotification\""));
  rig.assert_story("answer 0:Available 1:Available");
  assert_is("Accepted", trigger(rig, "\"StatusNotification\",\"connectorId\":1"));
  rig.assert_story("answer 1:Available");
  assert_is("Accepted", trigger(rig, "\"BootNotification\""));
  rig.assert_story("answer BootNotification");
  rig.gpio.pulse(pins::kMeterPulse, 12);
  rig.settle();
  assert_is("Accepted", trigger(rig, "\"MeterValues\",\"connectorId\":1"));
  assert_is("12", rig.last("MeterValues", "meterValue.0.sampledValue.0.value"));
  assert_is("Trigger", rig.last("MeterValues", "meterValue.0.sampledValue.0.context"));
  assert_is("", rig.last("MeterValues", "transactionId"));
  assert_is("Rejected", trigger(rig, "\"MeterValues\",\"connectorId\":2"));
  assert_is("Rejected", trigger(rig, "\"MeterValues\",\"connectorId\":0"));
  assert_is("Accepted", trigger(rig, "\"StatusNotification\",\"connectorId\":0"));
  rig.assert_story("answer 0:Available");
  assert_is("Rejected", trigger(rig, "\"StatusNotification\",\"connectorId\":2"));
  assert_is("Rejected", trigger(rig, "\"StatusNotification\",\"connectorId\":-1"));
  assert_is("Accepted", trigger(rig, "\"Heartbeat\",\"connectorId\":7"));
  rig.assert_story("answer Heartbeat");
  assert_is("Accepted", change(rig, "MeterValuesSampledData", ""));
  assert_is("Rejected", trigger(rig, "\"MeterValues\""));
  assert_is("NotImplemented", trigger(rig, "\"FirmwareStatusNotification\""));
  assert_is("NotImplemented", trigger(rig, "\"DiagnosticsStatusNotification\""));
  rig.story();
  rig.pass(1'000);
  rig.assert_story("");
}

void triggered_meter_values_are_rejected_while_no_time_is_known() {
  Rig rig;
  rig.answers["BootNotification"] = "{\"status\":\"Pending\",\"interval\":20,\"currentTime\":\"soon\"}";
  rig.settle();
  assert_is("Rejected", trigger(rig, "\"MeterValues\""));
  rig.assert_story("answer");
}

void status_that_made_room_in_the_queue_is_told_later() {
  Rig rig;
  rig.settle();
  rig.story();
  rig.answers["StatusNotification"] = "";  // the CSMS stalls
  for (size_t i = 0; i < Messenger::kMaxWaiting; ++i) rig.drive(pins::kCable, i % 2 == 0);
  rig.press();  // Preparing: its Authorize takes the place of the oldest ones
  rig.gpio.drive(pins::kEmergencyStop, true);
  rig.settle();
  rig.gpio.drive(pins::kEmergencyStop, false);
  for (int i = 0; i < 12; ++i) {
    trigger(rig, "\"Heartbeat\"");  // younger ones push the statuses out
  }
  rig.answers.clear();
  rig.story();
  rig.pass(2 * Messenger::kCallTimeout);
  std::string heard;
  for (const auto& one : rig.heard) {
    if (one.first == "StatusNotification") heard = Rig::field(one.second, "status");
  }
  assert_is("Available", heard);
}

void pending_sends_what_is_triggered_and_no_more() {
  Rig rig;
  rig.answers["BootNotification"] = "{\"status\":\"Pending\",\"interval\":20,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.settle();
  rig.story();
  assert_is("Accepted", trigger(rig, "\"StatusNotification\",\"connectorId\":1"));
  rig.assert_story("answer 1:Available");
  assert_is("Accepted", trigger(rig, "\"Heartbeat\""));
  rig.assert_story("answer Heartbeat");
  assert_is("Accepted", change(rig, "MeterValueSampleInterval", "7"));
  rig.story();
  rig.answers.clear();
  assert_is("Accepted", trigger(rig, "\"BootNotification\""));
  rig.assert_story("answer BootNotification 0:Available 1:Available");
}

void pending_interval_outlives_a_lost_link() {
  Rig rig;
  rig.answers["BootNotification"] =
      "{\"status\":\"Rejected\",\"interval\":20,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.settle();
  rig.story();
  rig.lose_link();
  rig.pass(19'000);
  rig.assert_story("");
  rig.pass(1'000);
  rig.assert_story("BootNotification");
}

void boot_that_is_rejected_later_closes_the_gate() {
  Rig rig;
  rig.settle();
  rig.answers["BootNotification"] =
      "{\"status\":\"Rejected\",\"interval\":20,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.story();
  assert_is("Accepted", trigger(rig, "\"BootNotification\""));
  rig.drive(pins::kCable, true);
  rig.pass(19'000);
  rig.assert_story("answer BootNotification");
}

void interval_beyond_all_reason_is_held_at_a_day() {
  Rig rig;
  rig.answers["BootNotification"] =
      "{\"status\":\"Pending\",\"interval\":18446744073709551615,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.settle();
  rig.story();
  rig.pass(1000 * ChargePoint::kLongestIntervalS);
  rig.assert_story("BootNotification");
}

// ---- authorization

const char* const kParented =
    "{\"idTagInfo\":{\"status\":\"Accepted\",\"parentIdTag\":\"FLEET\",\"expiryDate\":\"2024-05-01T12:30:00Z\"}}";

void go_offline(Rig& rig) {
  rig.reachable = false;
  rig.lose_link();
  rig.story();
}

/// Whether the local idTag charges now; the cable is in.
bool charges(Rig& rig) {
  rig.press();
  rig.uart.take();
  rig.uart.type("status\r\n");
  rig.settle();
  return rig.uart.take().find("\"transaction\":null") == std::string::npos;
}

void offline_the_cache_decides() {
  Rig rig;
  rig.set("AuthorizationCacheEnabled", "true");
  rig.set("AllowOfflineTxForUnknownId", "false");
  rig.settle();
  rig.drive(pins::kCable, true);
  go_offline(rig);
  TEST_ASSERT_FALSE(charges(rig));
  rig.reachable = true;
  rig.pass(1'000);
  TEST_ASSERT_TRUE(charges(rig));
  rig.press();
  go_offline(rig);
  TEST_ASSERT_TRUE(charges(rig));
}

void offline_a_blocked_id_tag_does_not_charge() {
  Rig rig;
  rig.set("AuthorizationCacheEnabled", "true");
  rig.answers["Authorize"] = "{\"idTagInfo\":{\"status\":\"Blocked\"}}";
  rig.settle();
  rig.drive(pins::kCable, true);
  TEST_ASSERT_FALSE(charges(rig));
  go_offline(rig);
  TEST_ASSERT_FALSE(charges(rig));
}

void offline_local_authorization_can_be_switched_off() {
  Rig rig;
  rig.set("AuthorizationCacheEnabled", "true");
  rig.set("AllowOfflineTxForUnknownId", "false");
  rig.set("LocalAuthorizeOffline", "false");
  rig.settle();
  rig.drive(pins::kCable, true);
  TEST_ASSERT_TRUE(charges(rig));
  rig.press();
  go_offline(rig);
  TEST_ASSERT_FALSE(charges(rig));
}

void cache_outlives_a_reboot_and_its_entries_expire() {
  Rig rig;
  rig.set("AuthorizationCacheEnabled", "true");
  rig.set("LocalPreAuthorize", "true");
  rig.answers["Authorize"] = kParented;
  rig.answers["StartTransaction"] = "{\"transactionId\":5," + std::string(kParented + 1);
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.press();
  rig.boot();
  rig.settle();
  rig.story();
  rig.press();
  rig.assert_story("StartTransaction 1:SuspendedEV");
  rig.press();
  rig.pass(31 * 60'000);
  rig.story();
  rig.press();
  rig.assert_story("1:Preparing Authorize StartTransaction 1:SuspendedEV");
}

void cache_learns_from_start_transaction() {
  Rig rig;
  rig.set("AuthorizationCacheEnabled", "true");
  rig.settle();
  rig.answers["StartTransaction"] = "{\"transactionId\":5,\"idTagInfo\":{\"status\":\"Blocked\"}}";
  rig.drive(pins::kCable, true);
  rig.press();
  rig.settle();
  go_offline(rig);
  TEST_ASSERT_FALSE(charges(rig));
}

void cleared_cache_knows_nobody() {
  Rig rig;
  rig.set("AuthorizationCacheEnabled", "true");
  rig.set("LocalPreAuthorize", "true");
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.press();
  assert_is(status_answer("Accepted").c_str(), rig.ask("ClearCache", "{}"));
  rig.story();
  rig.press();
  rig.assert_story("1:Preparing Authorize StartTransaction 1:SuspendedEV");
  rig.press();
  rig.ask("ClearCache", "{}");
  rig.boot();
  rig.settle();
  rig.story();
  rig.press();
  rig.assert_story("Authorize StartTransaction 1:SuspendedEV");
}

void cache_that_is_off_neither_learns_nor_answers() {
  Rig rig;
  rig.set("LocalPreAuthorize", "true");
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.press();
  rig.story();
  rig.press();
  rig.assert_story("1:Preparing Authorize StartTransaction 1:SuspendedEV");
  assert_is(status_answer("Rejected").c_str(), rig.ask("ClearCache", "{}"));
}

void remote_start_can_ask_for_authorization_first() {
  Rig rig;
  rig.set("AuthorizeRemoteTxRequests", "true");
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.story();
  rig.ask("RemoteStartTransaction", "{\"idTag\":\"R\"}");
  rig.assert_story("answer Authorize StartTransaction 1:SuspendedEV");
  rig.press();
  rig.ask("RemoteStopTransaction", "{\"transactionId\":100}");
  rig.answers["Authorize"] = "{\"idTagInfo\":{\"status\":\"Blocked\"}}";
  rig.story();
  rig.ask("RemoteStartTransaction", "{\"idTag\":\"R\"}");
  rig.pass(1'000);
  TEST_ASSERT_TRUE(rig.story().find("StartTransaction") == std::string::npos);
}

void remote_start_reads_its_charging_profile() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  const auto start = [&rig](const std::string& purpose, const std::string& schedule) {
    return rig.ask("RemoteStartTransaction",
                   "{\"idTag\":\"R\",\"chargingProfile\":{\"chargingProfileId\":1,\"stackLevel\":0,"
                   "\"chargingProfilePurpose\":\"" +
                       purpose +
                       "\",\"chargingProfileKind\":\"Relative\","
                       "\"validFrom\":\"2024-05-01T12:00:00Z\",\"chargingSchedule\":" +
                       schedule + "}}");
  };
  const std::string good =
      "{\"duration\":60,\"chargingRateUnit\":\"A\",\"chargingSchedulePeriod\":[{\"startPeriod\":0,\"limit\":16.5}]}";
  assert_is(status_answer("Rejected").c_str(), start("TxDefaultProfile", good));
  check_contains("PropertyConstraintViolation", start("NoProfile", good));
  check_contains("OccurenceConstraintViolation", start("TxProfile", "{\"chargingRateUnit\":\"A\"}"));
  check_contains("OccurenceConstraintViolation",
                 start("TxProfile", "{\"chargingRateUnit\":\"A\",\"chargingSchedulePeriod\":[]}"));
  check_contains("TypeConstraintViolation",
                 start("TxProfile", "{\"chargingRateUnit\":\"A\",\"chargingSchedulePeriod\":[5]}"));
  check_contains("FormationViolation",
                 start("TxProfile",
                       "{\"chargingRateUnit\":\"A\",\"chargingSchedulePeriod\":[{\"startPeriod\":0,"
                       "\"limit\":1,\"more\":1}]}"));
  assert_is(status_answer("Accepted").c_str(), start("TxProfile", good));
}

void remote_start_of_another_connector_is_rejected() {
  Rig rig;
  rig.settle();
  for (const char* connector : {"0", "2", "-1"}) {
    assert_is(status_answer("Rejected").c_str(),
              rig.ask("RemoteStartTransaction", std::string("{\"idTag\":\"R\",\"connectorId\":") + connector + "}"));
  }
}

// ---- DataTransfer

void data_transfer_echoes_to_its_own_vendor_only() {
  Rig rig;
  rig.settle();
  assert_is("[3,\"q\",{\"status\":\"Accepted\",\"data\":\"a\\u00e4\\n\"}]",
            rig.ask("DataTransfer", "{\"vendorId\":\"Plugbench\",\"messageId\":\"Echo\",\"data\":\"a\\u00e4\\n\"}"));
  assert_is(status_answer("Accepted").c_str(),
            rig.ask("DataTransfer", "{\"vendorId\":\"Plugbench\",\"messageId\":\"Echo\"}"));
  assert_is(status_answer("UnknownMessageId").c_str(),
            rig.ask("DataTransfer", "{\"vendorId\":\"Plugbench\",\"messageId\":\"Dance\"}"));
  assert_is(status_answer("UnknownMessageId").c_str(), rig.ask("DataTransfer", "{\"vendorId\":\"Plugbench\"}"));
  assert_is(status_answer("UnknownVendorId").c_str(),
            rig.ask("DataTransfer", "{\"vendorId\":\"Somebody\",\"data\":\"x\"}"));
  check_contains("InternalError",
                 rig.ask("DataTransfer", "{\"vendorId\":\"Plugbench\",\"messageId\":\"Echo\",\"data\":\"" +
                                             std::string(5'000, 'x') + "\"}"));
}

void data_transfer_of_ours_tells_the_answer_on_the_console() {
  Rig rig;
  rig.settle();
  rig.answers["DataTransfer"] = "{\"status\":\"Accepted\",\"data\":\"yes\"}";
  rig.uart.take();
  rig.uart.type("transfer org.example Ping some data\r\n");
  rig.settle();
  assert_is("org.example", rig.last("DataTransfer", "vendorId"));
  assert_is("Ping", rig.last("DataTransfer", "messageId"));
  assert_is("some data", rig.last("DataTransfer", "data"));
  check_contains("= {\"status\":\"Accepted\",\"data\":\"yes\"}", rig.uart.take());
  rig.answers["DataTransfer"] = "Error NotSupported";
  rig.uart.type("transfer org.example\r\n");
  rig.settle();
  check_contains("= error: refused by the CSMS", rig.uart.take());
  go_offline(rig);
  rig.uart.type("transfer org.example\r\n");
  rig.settle();
  check_contains("= error: no DataTransfer can be sent now", rig.uart.take());
}

// ---- whatever comes

/// Each truncation of good requests, and many mutations of them: every answer is well-formed, and the device goes on.
void requests_that_are_cut_or_mutated_do_no_harm() {
  Rig rig;
  rig.settle();
  const std::string requests[] = {
      "[2,\"q\",\"ChangeAvailability\",{\"connectorId\":1,\"type\":\"Operative\"}]",
      "[2,\"q\",\"ChangeConfiguration\",{\"key\":\"MeterValuesSampledData\",\"value\":\"Voltage,Current.Import\"}]",
      "[2,\"q\",\"ClearCache\",{}]",
      "[2,\"q\",\"DataTransfer\",{\"vendorId\":\"Plugbench\",\"messageId\":\"Echo\",\"data\":\"\\u00e4\"}]",
      "[2,\"q\",\"GetConfiguration\",{\"key\":[\"HeartbeatInterval\",\"Nothing\"]}]",
      "[2,\"q\",\"RemoteStartTransaction\",{\"idTag\":\"R\",\"connectorId\":2,\"chargingProfile\":{"
      "\"chargingProfileId\":1,\"stackLevel\":0,\"chargingProfilePurpose\":\"TxProfile\",\"chargingProfileKind\":"
      "\"Absolute\",\"chargingSchedule\":{\"chargingRateUnit\":\"W\",\"chargingSchedulePeriod\":[{\"startPeriod\":0,"
      "\"limit\":1e3}]}}}]",
      "[2,\"q\",\"RemoteStopTransaction\",{\"transactionId\":1}]",
      "[2,\"q\",\"TriggerMessage\",{\"requestedMessage\":\"StatusNotification\",\"connectorId\":1}]",
      "[2,\"q\",\"UnlockConnector\",{\"connectorId\":1}]",
      "[3,\"q\",{\"status\":\"Accepted\"}]",
      "[4,\"q\",\"GenericError\",\"\",{}]",
  };
  const char kBytes[] = "[]{}\",:0123456789-+.eE\\ntrufalse \x01q";
  uint32_t random = 1;
  const auto next = [&random](size_t below) {
    random = random * 1'664'525U + 1'013'904'223U;
    return static_cast<size_t>((random >> 8) % below);
  };
  size_t answers = 0;
  const auto send = [&](const std::string& frame) {
    rig.peer.send(frame);
    rig.settle();
    TEST_ASSERT_TRUE(rig.connected);
    for (const auto& one : rig.heard) answers += one.first == "answer" ? 1U : 0U;
    rig.heard.clear();
  };
  for (const std::string& request : requests) {
    for (size_t length = 0; length < request.size(); ++length) send(request.substr(0, length));
    for (int i = 0; i < 150; ++i) {
      std::string mutant = request;
      for (size_t changes = 1 + next(3); changes > 0; --changes) {
        const size_t at = next(mutant.size());
        const char byte = kBytes[next(sizeof kBytes - 1)];
        switch (next(3)) {
          case 0:
            mutant[at] = byte;
            break;
          case 1:
            mutant.insert(at, 1, byte);
            break;
          default:
            mutant.erase(at, 1 + next(4));
        }
      }
      send(mutant);
    }
  }
  TEST_ASSERT_GREATER_THAN(100, answers);
  rig.settle();
  check_contains("[3,\"q\",{\"configurationKey\"", rig.ask("GetConfiguration", "{}"));
}

void console_status_tells_it_all() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.uart.take();
  rig.uart.type("status\r\n");
  rig.settle();
  check_contains(
      "= "
      "{\"state\":\"SuspendedEV\",\"accepted\":true,\"connected\":true,\"transaction\":100,\"energy_wh\":0,\"queue\":0,"
      "\"contactor\":false,\"time_quality\":\"csms\"}",
      rig.uart.take());
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(boot_tells_who_we_are_and_both_connectors);
  RUN_TEST(pending_is_asked_again_and_nothing_else_is_sent);
  RUN_TEST(rejected_answers_nothing_and_asks_again);
  RUN_TEST(boot_notification_that_is_refused_or_not_answered_is_repeated);
  RUN_TEST(mere_reconnect_is_no_boot);
  RUN_TEST(link_lost_before_the_boot_answer_boots_again_at_once);
  RUN_TEST(status_that_was_not_confirmed_is_told_again_after_a_reconnect);
  RUN_TEST(heartbeat_keeps_interval_and_clock);
  RUN_TEST(charge_is_told_in_the_order_in_which_it_happened);
  RUN_TEST(emergency_stop_is_told_for_both_connectors);
  RUN_TEST(refused_id_tag_does_not_charge);
  RUN_TEST(offline_charge_is_told_when_the_link_is_back);
  RUN_TEST(remote_start_and_stop_are_answered_before_they_are_carried_out);
  RUN_TEST(bad_requests_get_the_code_of_their_fault);
  RUN_TEST(reset_ends_the_transaction_and_restarts);
  RUN_TEST(reset_without_answers_restarts_all_the_same_and_loses_nothing);
  RUN_TEST(power_cut_in_a_charge_is_told_after_the_boot);
  RUN_TEST(configuration_is_told_whole_or_in_part);
  RUN_TEST(configuration_changes_are_accepted_when_stored);
  RUN_TEST(configuration_changes_are_not_accepted_before_they_are_stored);
  RUN_TEST(late_answer_does_not_outlive_its_connection);
  RUN_TEST(heartbeat_interval_can_be_changed_while_it_runs);
  RUN_TEST(heartbeat_interval_of_the_boot_answer_is_what_configuration_tells);
  RUN_TEST(connector_is_made_inoperative_and_back_over_a_reboot);
  RUN_TEST(whole_charge_point_is_made_inoperative_and_back);
  RUN_TEST(inoperative_waits_for_the_end_of_the_transaction);
  RUN_TEST(charge_that_should_not_have_gone_on_ends_when_that_is_known);
  RUN_TEST(inoperative_in_a_charge_is_still_scheduled_after_a_cut);
  RUN_TEST(scheduled_inoperative_can_be_taken_back);
  RUN_TEST(unlock_waits_for_the_lock);
  RUN_TEST(unlock_fails_when_the_lock_stays);
  RUN_TEST(unlock_ends_the_transaction_first);
  RUN_TEST(triggered_messages_follow_the_answer);
  RUN_TEST(pending_sends_what_is_triggered_and_no_more);
  RUN_TEST(triggered_meter_values_are_rejected_while_no_time_is_known);
  RUN_TEST(status_that_made_room_in_the_queue_is_told_later);
  RUN_TEST(pending_interval_outlives_a_lost_link);
  RUN_TEST(boot_that_is_rejected_later_closes_the_gate);
  RUN_TEST(interval_beyond_all_reason_is_held_at_a_day);
  RUN_TEST(offline_the_cache_decides);
  RUN_TEST(offline_a_blocked_id_tag_does_not_charge);
  RUN_TEST(offline_local_authorization_can_be_switched_off);
  RUN_TEST(cache_outlives_a_reboot_and_its_entries_expire);
  RUN_TEST(cache_learns_from_start_transaction);
  RUN_TEST(cleared_cache_knows_nobody);
  RUN_TEST(cache_that_is_off_neither_learns_nor_answers);
  RUN_TEST(remote_start_can_ask_for_authorization_first);
  RUN_TEST(remote_start_reads_its_charging_profile);
  RUN_TEST(remote_start_of_another_connector_is_rejected);
  RUN_TEST(data_transfer_echoes_to_its_own_vendor_only);
  RUN_TEST(data_transfer_of_ours_tells_the_answer_on_the_console);
  RUN_TEST(requests_that_are_cut_or_mutated_do_no_harm);
  RUN_TEST(console_status_tells_it_all);
  return UNITY_END();
}
