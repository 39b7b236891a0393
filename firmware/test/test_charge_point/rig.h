#pragma once

// Shared by the tests of this folder: a whole device with a CSMS.

#include <deque>
#include <map>
#include <string>
#include <utility>

#include "support/app_device.h"
#include "support/check.h"
#include "support/ws_peer.h"

namespace pb {

/// A whole device and a CSMS in one process, on one clock.
struct Rig : AppDevice {
  WsPeer peer{tcp};

  bool reachable = true;
  bool connected = false;
  int opens = 0;
  /// Answers of the CSMS that replace its usual ones: a payload, "Error CODE", "Close" to close the connection, or ""
  /// for no answer.
  std::map<std::string, std::string> answers;
  /// Messages received by the CSMS: actions with their payload; answers to its own requests as the whole frame.
  std::deque<std::pair<std::string, std::string>> received;
  /// Message ids of the last request of each action, for late answers.
  std::map<std::string, std::string> ids;
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
    AppDevice::boot();
  }
  void set(const std::string& key, const std::string& value) {
    uart.type("set " + key + " " + value + "\r\n");
    for (int i = 0; i < 4; ++i) app->run_once();
  }

  /// Runs everything that is due now. @return the next deadline of the device.
  Millis settle() {
    Millis due = 0;
    for (int quiet = 0; quiet < 3;) {
      due = app->run_once();
      // A result of the flash is handled in the next round.
      quiet = serve() || due <= clock.now() ? 0 : quiet + 1;
    }
    return due;
  }
  /// Advances the time, from one deadline of the device to the next.
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

  /// Simulates the other ends of Wi-Fi, TCP and WebSocket. @return whether anything happened.
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
      received.emplace_back("answer", message);
      return;
    }
    MessageId id;
    FixedText<kMaxAction> action;
    frame.at(1).get(id);
    frame.at(2).get(action);
    received.emplace_back(action.c_str(), str(frame.at(3).raw()));
    ids[action.c_str()] = id.c_str();
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
    if (answer == "Close") return peer.send_close("\x03\xf3");  // 1011, internal error
    const bool is_error = answer.find("Error") == 0;
    peer.send(is_error ? "[4,\"" + std::string(id.c_str()) + "\",\"" + answer.substr(6) + "\",\"\",{}]"
                       : "[3,\"" + std::string(id.c_str()) + "\"," + answer + "]");
  }
  /// Sends a request of the CSMS. @return the answer, as the whole frame.
  std::string ask(const std::string& action, const std::string& payload) {
    received.clear();
    peer.send("[2,\"q\",\"" + action + "\"," + payload + "]");
    settle();
    for (const auto& one : received) {
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

  /// Messages since the last call: actions, with the status of notifications, separated by blanks.
  std::string sequence() {
    std::string all;
    for (const auto& one : received) {
      if (!all.empty()) all += ' ';
      all += one.first == "StatusNotification" ? field(one.second, "connectorId") + ":" + field(one.second, "status")
                                               : one.first;
    }
    received.clear();
    return all;
  }
  static std::string field(const std::string& payload, const char* path) {
    JsonError error;
    JsonValue value = parse_json({payload.data(), payload.size()}, error).path(path);
    FixedText<128> text;
    return value.get(text) ? text.c_str() : str(value.raw());
  }
  std::string last(const char* action, const char* path) {
    for (auto one = received.rbegin(); one != received.rend(); ++one) {
      if (one->first == action) return field(one->second, path);
    }
    return "never received";
  }
  /// The last answer to a request of the CSMS, as the whole frame.
  std::string last_answer() const {
    for (auto one = received.rbegin(); one != received.rend(); ++one) {
      if (one->first == "answer") return one->second;
    }
    return "none";
  }
  /// Cuts the power before the pending flash operations, and boots.
  void cut_power_before_flash() {
    app.reset();
    worker = FakeWorker();
    system.reason = ResetReason::power_on;
    boot();
    received.clear();
  }
  void assert_sequence(const char* expected) { TEST_ASSERT_EQUAL_STRING(expected, sequence().c_str()); }
};

inline std::string status_answer(const char* status) {
  return std::string("[3,\"q\",{\"status\":\"") + status + "\"}]";
}

inline std::string get(Rig& rig, const std::string& key) {
  return Rig::field(rig.ask("GetConfiguration", "{\"key\":[\"" + key + "\"]}"), "2.configurationKey.0.value");
}

inline std::string change(Rig& rig, const std::string& key, const std::string& value) {
  return Rig::field(rig.ask("ChangeConfiguration", "{\"key\":\"" + key + "\",\"value\":\"" + value + "\"}"),
                    "2.status");
}

inline void assert_is(const char* expected, const std::string& actual) {
  TEST_ASSERT_EQUAL_STRING(expected, actual.c_str());
}

inline std::string availability(Rig& rig, int connector, const char* type) {
  return rig.ask("ChangeAvailability", "{\"connectorId\":" + std::to_string(connector) + ",\"type\":\"" + type + "\"}");
}

inline std::string trigger(Rig& rig, const std::string& fields) {
  return Rig::field(rig.ask("TriggerMessage", "{\"requestedMessage\":" + fields + "}"), "2.status");
}

/// Returns a member of the answer to the console's `status`.
inline std::string console_status(Rig& rig, const char* member) {
  rig.uart.take();
  rig.uart.type("status\r\n");
  rig.settle();
  const std::string all = rig.uart.take();
  const size_t at = all.find("= {");
  TEST_ASSERT_TRUE(at != std::string::npos);
  return Rig::field(all.substr(at + 2, all.find('\r', at) - at - 2), member);
}

inline void go_offline(Rig& rig) {
  rig.reachable = false;
  rig.lose_link();
  rig.sequence();
}

}  // namespace pb
