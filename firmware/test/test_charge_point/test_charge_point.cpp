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
      {"SetChargingProfile", "{}", "NotImplemented"},
      {"Reset", "{}", "OccurenceConstraintViolation"},
      {"Reset", "{\"type\":5}", "TypeConstraintViolation"},
      {"Reset", "{\"type\":\"Warm\"}", "PropertyConstraintViolation"},
      {"Reset", "{\"type\":\"soft\"}", "PropertyConstraintViolation"},
      {"RemoteStartTransaction", "{\"idTag\":\"123456789012345678901\"}", "PropertyConstraintViolation"},
      {"RemoteStartTransaction", "{\"idTag\":\"A\",\"connectorId\":0}", "PropertyConstraintViolation"},
      {"RemoteStartTransaction", "{\"idTag\":\"A\",\"connectorId\":1.5}", "TypeConstraintViolation"},
      {"RemoteStopTransaction", "{\"transactionId\":\"1\"}", "TypeConstraintViolation"},
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
  RUN_TEST(console_status_tells_it_all);
  return UNITY_END();
}
