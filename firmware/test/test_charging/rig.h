#pragma once

// Shared by the tests of this folder: charging on a board, and its reported events.

#include <unity.h>

#include <map>
#include <string>
#include <vector>

#include "features/charging/charging.h"
#include "support/fake_clock.h"
#include "support/fake_edges.h"
#include "support/fake_gpio.h"
#include "support/fake_interlock.h"
#include "support/fake_rng.h"
#include "support/fake_storage.h"
#include "support/fake_uart.h"
#include "support/fake_waker.h"

namespace pb {

struct Rig final : ChargingListener {
  FakeClock clock;
  FakeUart uart;
  Logger log{clock, uart};
  FakeGpio gpio;
  FakeWaker waker{clock};
  FakeRng rng;
  FakeStorage storage;
  TimeSync time{clock, storage};
  Transactions transactions{storage, time, rng, log};
  FakeInterlock interlock{gpio, waker};
  FakeEdges edges{gpio, clock, waker};
  Safety safety;
  Board board{gpio};
  InputEvents events{edges};
  Settings settings;
  Charging charging;

  std::vector<std::string> happened;  // statuses and idTags, in order
  bool answer_at_once = true;
  bool accept = true;
  const char* parent = "";  // of the presented idTag

  /// @param files the files of an earlier boot; with any, the cable is plugged in and their transaction is kept open
  explicit Rig(const std::map<std::string, std::string>& files = {})
      : rng(static_cast<uint32_t>(1 + files.size())),
        safety((gpio.drive(pins::kEmergencyStop, false), interlock)),
        charging(board, safety, events, transactions, settings, log) {
    settings.local_id_tag.assign("LOCAL");
    charging.set_listener(*this);
    storage.files = files;
    gpio.drive(pins::kCable, !files.empty());
    gpio.drive(pins::kVehicleReady, !files.empty());
    transactions.load(StopReason::power_loss, Transactions::LeftOpen::keep, clock.now());
    charging.start();
    clock.advance(1000);
    poll();
    happened.clear();
  }
  void on_status(ConnectorStatus status, Millis) override { happened.push_back(name_of(status)); }
  void on_id_tag(Text id_tag, Millis now) override {
    happened.push_back("idTag " + std::string(id_tag.data, id_tag.length));
    if (answer_at_once) charging.authorized(accept, parent, now);
  }

  Millis poll() {
    charging.poll(clock.now());
    charging.poll(clock.now());
    for (int i = 0; i < 20; ++i) {
      transactions.poll(clock.now());
      if (!storage.run_one()) break;
    }
    return charging.poll(clock.now());
  }
  void set(int pin, bool level) {
    gpio.drive(pin, level);
    poll();
  }
  void press() {
    clock.advance(100);
    gpio.drive(pins::kAuthButton, true);
    gpio.drive(pins::kAuthButton, false);
    poll();
  }
  void pass(Millis duration) {
    clock.advance(duration);
    poll();
  }
  void start_charging() {
    set(pins::kVehicleReady, true);
    set(pins::kCable, true);
    press();
    TEST_ASSERT_TRUE(transactions.open());
    happened.clear();
  }
  bool contactor() { return gpio.read(pins::kContactor); }
  bool locked() { return gpio.read(pins::kLock); }

  /// @param expected the events since the last call, separated by commas
  void assert_happened(const char* expected) {
    std::string all;
    for (const std::string& one : happened) all += (all.empty() ? "" : ", ") + one;
    happened.clear();
    TEST_ASSERT_EQUAL_STRING(expected, all.c_str());
  }
  /// The last transaction record on flash.
  Record last_record() {
    Record record;
    for (const auto& file : storage.files) {
      if (file.first.compare(0, 3, "tx-") != 0) continue;
      TEST_ASSERT_TRUE(record.decode({reinterpret_cast<const uint8_t*>(file.second.data()), file.second.size()}));
    }
    return record;
  }
  void assert_stopped(StopReason reason) {
    TEST_ASSERT_FALSE(transactions.open());
    TEST_ASSERT_FALSE(contactor());
    TEST_ASSERT_EQUAL(reason == StopReason::de_authorized, locked());
    Record record = last_record();
    TEST_ASSERT_EQUAL(Record::Type::stop, record.type);
    TEST_ASSERT_EQUAL(reason, record.reason);
  }
};

/// Sends the StartTransaction at the front of the queue, and returns its id.
inline MessageId send_start(Rig& rig) {
  rig.time.set_from_csms(1'700'000'000'000);
  char buffer[512];
  JsonWriter payload(buffer);
  MessageId id;
  Text action;
  TEST_ASSERT_TRUE(rig.transactions.outbox().write_front(payload, id, action, rig.clock.now()));
  TEST_ASSERT_TRUE(action == "StartTransaction");
  rig.transactions.outbox().on_sent();
  return id;
}

/// Answers the StartTransaction at the front of the queue.
inline void answer_start(Rig& rig, const char* status, const char* parent = "") {
  const MessageId id = send_start(rig);
  char answer[256];
  JsonWriter json(answer);
  json.begin_object().member("transactionId", 9).key("idTagInfo").begin_object().member("status", status);
  if (*parent != 0) json.member("parentIdTag", parent);
  json.end_object().end_object();
  JsonError error;
  TEST_ASSERT_TRUE(rig.transactions.outbox().on_result(id.text(), parse_json(json.text(), error), rig.clock.now()));
  rig.poll();
}

}  // namespace pb
