#pragma once

// Shared by the tests of this folder: the feature between a storage and a CSMS.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/decimal.h"
#include "features/transactions/transactions.h"
#include "support/check.h"
#include "support/fake_clock.h"
#include "support/fake_rng.h"
#include "support/fake_storage.h"
#include "support/fake_uart.h"

namespace pb {

constexpr UnixMillis kNoon = 1'700'000'000'000;

/// A CSMS that records messages and recognizes a resent message by its id.
struct Csms {
  struct Message {
    std::string action;
    std::string payload;
    int64_t transaction_id;
    int64_t energy;
    std::string timestamp;
  };
  std::vector<Message> messages;
  std::map<std::string, size_t> seen;  // message id without suffix -> index of the message
  int64_t next_id = 100;

  /// @return the transaction id to answer with, 0 for messages other than a start.
  int64_t take(Text id, Text action, Text payload) {
    std::string base = str(id);
    if (size_t dash = base.find('-', base.find('-') + 1); dash != std::string::npos) base.resize(dash);
    JsonError error;
    JsonValue json = parse_json(payload, error);
    TEST_ASSERT_TRUE_MESSAGE(json.exists(), error.reason);
    auto found = seen.find(base);
    if (found != seen.end()) {
      TEST_ASSERT_EQUAL_STRING_MESSAGE(messages[found->second].action.c_str(), str(action).c_str(),
                                       "an id is used for one message only");
      TEST_ASSERT_EQUAL_STRING_MESSAGE(messages[found->second].payload.c_str(), str(payload).c_str(),
                                       "a resent message is unchanged");
      return messages[found->second].transaction_id;
    }
    Message message{str(action), str(payload), 0, 0, ""};
    FixedText<24> timestamp;
    if (action == "StartTransaction") {
      message.transaction_id = next_id++;
      TEST_ASSERT_TRUE(json.find("meterStart").get(message.energy));
      json.find("timestamp").get(timestamp);
    } else if (action == "MeterValues") {
      FixedText<20> energy;
      TEST_ASSERT_TRUE(json.path("meterValue.0.sampledValue.0.value").get(energy));
      TEST_ASSERT_TRUE(parse_decimal(energy.text(), message.energy));
      json.path("meterValue.0.timestamp").get(timestamp);
      TEST_ASSERT_TRUE(json.find("transactionId").get(message.transaction_id));
    } else {
      TEST_ASSERT_TRUE(json.find("meterStop").get(message.energy));
      json.find("timestamp").get(timestamp);
      TEST_ASSERT_TRUE(json.find("transactionId").get(message.transaction_id));
    }
    message.timestamp = str(timestamp.text());
    seen[base] = messages.size();
    messages.push_back(message);
    return message.transaction_id;
  }

  size_t count(const char* action) const {
    size_t result = 0;
    for (const Message& message : messages) result += message.action == action ? 1u : 0u;
    return result;
  }

  /// Verifies order: start, meter values, stop per transaction, one after the other, with increasing energy and time.
  void assert_in_order() const {
    int64_t open = 0;
    int64_t energy = 0;
    std::string timestamp;
    for (const Message& message : messages) {
      if (message.action == "StartTransaction") {
        TEST_ASSERT_EQUAL_INT64_MESSAGE(0, open, "a transaction begins while another one is open");
        open = message.transaction_id;
        timestamp.clear();
      } else {
        TEST_ASSERT_EQUAL_INT64_MESSAGE(open, message.transaction_id, "a message of no open transaction");
        if (message.action == "StopTransaction") open = 0;
      }
      TEST_ASSERT_GREATER_OR_EQUAL_INT64_MESSAGE(energy, message.energy, "the energy register decreased");
      TEST_ASSERT_TRUE_MESSAGE(timestamp <= message.timestamp, "a timestamp decreased within a transaction");
      TEST_ASSERT_EQUAL_STRING_LEN_MESSAGE("2023-", message.timestamp.c_str(), 5,
                                           "a timestamp from before the clock was set");
      energy = message.energy;
      timestamp = message.timestamp;
    }
    TEST_ASSERT_EQUAL_INT64_MESSAGE(0, open, "a transaction was never stopped");
  }
};

/// The feature on a storage, from one boot to the next power cut.
struct Device {
  FakeClock& clock;
  FakeUart uart;
  Logger log{clock, uart};
  FakeRng rng;
  TimeSync time;
  Transactions transactions;

  Device(Storage& storage, FakeClock& the_clock, uint32_t seed)
      : clock(the_clock), rng(seed), time(the_clock, storage), transactions(storage, time, rng, log) {}

  void load(Transactions::LeftOpen left_open = Transactions::LeftOpen::end) {
    transactions.load(StopReason::power_loss, left_open, clock.now());
  }
  void sample(uint64_t energy_wh) {
    transactions.sample({energy_wh, 0}, ReadingContext::sample_periodic, {Measurand::energy_active_import_register},
                        clock.now());
  }
  void set_time() { time.set_from_csms(kNoon + static_cast<UnixMillis>(clock.now())); }

  /// Sends the front, if it is ready, without an answer. @return its id, empty when nothing was sent.
  std::string send(Csms& csms, int64_t& transaction_id) {
    Millis queued_at = 0;
    if (transactions.outbox().front(clock.now(), queued_at) != DurableCalls::Front::ready) return "";
    char buffer[Messenger::kMaxDurablePayload];
    JsonWriter json(buffer);
    MessageId id;
    Text action;
    if (!transactions.outbox().write_front(json, id, action, clock.now())) return "";
    transactions.outbox().on_sent();
    transaction_id = csms.take(id.text(), action, json.text());
    return str(id.text());
  }
  void answer(const std::string& id, int64_t transaction_id, const char* status = "Accepted") {
    char buffer[128];
    JsonWriter json(buffer);
    json.begin_object();
    if (transaction_id != 0) json.member("transactionId", transaction_id);
    json.key("idTagInfo").begin_object().member("status", status).end_object().end_object();
    JsonError error;
    TEST_ASSERT_TRUE(
        transactions.outbox().on_result({id.data(), id.size()}, parse_json(json.text(), error), clock.now()));
  }
  /// Sends the front; the CSMS answers with an error.
  void reject(Csms& csms) {
    int64_t none = 0;
    const std::string id = send(csms, none);
    TEST_ASSERT_FALSE_MESSAGE(id.empty(), "nothing is ready to be sent");
    TEST_ASSERT_TRUE(transactions.outbox().on_error({id.data(), id.size()}, "InternalError", clock.now()));
  }
  bool exchange(Csms& csms) {
    int64_t transaction_id = 0;
    std::string id = send(csms, transaction_id);
    if (id.empty()) return false;
    answer(id, transaction_id);
    return true;
  }
};

/// A device on a storage whose jobs are run by the test.
struct Simple {
  FakeClock clock;
  FakeStorage storage;
  Csms csms;
  std::unique_ptr<Device> device;
  uint32_t boots = 0;

  Simple() { boot(); }
  void boot(Transactions::LeftOpen left_open = Transactions::LeftOpen::end) {
    storage.forget_jobs();
    clock.advance(1000);
    device.reset(new Device(storage, clock, ++boots * 77));
    device->load(left_open);
  }
  Transactions& tx() { return device->transactions; }
  /// Begins a transaction with a known time, and saves it.
  void begin() {
    device->set_time();
    tx().begin("TAG", 0, clock.now());
    settle();
  }
  /// Runs all jobs to save and remove files.
  void settle() {
    for (int i = 0; i < 200; ++i) {
      tx().poll(clock.now());
      if (!storage.run_one()) return;
    }
    TEST_FAIL_MESSAGE("the storage does not become idle");
  }
  void settle_and_send_all() {
    for (int i = 0; i < 5'000; ++i) {
      settle();
      if (!device->exchange(csms)) return;
    }
    TEST_FAIL_MESSAGE("the queue does not become empty");
  }
  /// Runs the device for that time, also if the flash rejects its jobs.
  void pass(Millis duration, bool online) {
    for (const Millis end = clock.now() + duration; clock.now() < end; clock.advance(1'000)) {
      tx().poll(clock.now());
      storage.run_one();
      while (online && device->exchange(csms)) {
      }
    }
  }
  size_t record_files() const {
    size_t count = 0;
    for (const auto& file : storage.files) count += file.first.compare(0, 3, "tx-") == 0 ? 1u : 0u;
    return count;
  }
};

/// Whether a file stays when every message is answered.
inline bool is_lasting(const std::string& file) {
  return file == "ledger" || file == "ledger_copy" || file == "start_copy";
}

}  // namespace pb
