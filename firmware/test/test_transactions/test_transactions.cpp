#include <unity.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/decimal.h"
#include "features/storage/littlefs_storage.h"
#include "features/transactions/transactions.h"
#include "support/fake_clock.h"
#include "support/fake_rng.h"
#include "support/fake_storage.h"
#include "support/fake_uart.h"
#include "support/fake_worker.h"
#include "support/ram_flash.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

constexpr UnixMillis kNoon = 1'700'000'000'000;

std::string to_string(Text text) { return std::string(text.data, text.length); }

/// A CSMS that keeps what it was told. It knows a message that comes again by its id, as the id is made for.
struct Csms {
  struct Message {
    std::string action;
    std::string payload;
    int64_t transaction_id;
    int64_t energy;
    std::string timestamp;
  };
  std::vector<Message> messages;
  std::map<std::string, size_t> seen;  // message id without suffix, to its place
  int64_t next_id = 100;

  /// @return the transaction id to answer with, 0 for messages other than a start.
  int64_t take(Text id, Text action, Text payload) {
    std::string base = to_string(id);
    if (size_t dash = base.find('-', base.find('-') + 1); dash != std::string::npos) base.resize(dash);
    JsonError error;
    JsonValue json = parse_json(payload, error);
    TEST_ASSERT_TRUE_MESSAGE(json.exists(), error.reason);
    auto found = seen.find(base);
    if (found != seen.end()) {
      TEST_ASSERT_EQUAL_STRING_MESSAGE(messages[found->second].action.c_str(), to_string(action).c_str(),
                                       "an id is used for one message only");
      return messages[found->second].transaction_id;
    }
    Message message{to_string(action), to_string(payload), 0, 0, ""};
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
    message.timestamp = to_string(timestamp.text());
    seen[base] = messages.size();
    messages.push_back(message);
    return message.transaction_id;
  }

  size_t count(const char* action) const {
    size_t result = 0;
    for (const Message& message : messages) result += message.action == action ? 1u : 0u;
    return result;
  }

  /// Start, meter values, stop of each transaction, one transaction after the other, energy and time never going back.
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
      TEST_ASSERT_GREATER_OR_EQUAL_INT64_MESSAGE(energy, message.energy, "the energy register went back");
      TEST_ASSERT_TRUE_MESSAGE(timestamp <= message.timestamp, "time went back inside a transaction");
      TEST_ASSERT_EQUAL_STRING_LEN_MESSAGE("2023-", message.timestamp.c_str(), 5,
                                           "a time from before the clock was set");
      energy = message.energy;
      timestamp = message.timestamp;
    }
    TEST_ASSERT_EQUAL_INT64_MESSAGE(0, open, "a transaction was never stopped");
  }
};

/// The feature on some storage, from one boot to the next power cut.
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

  /// Sends the front, if it is ready, without an answer yet. @return its id, empty when nothing was sent.
  std::string send(Csms& csms, int64_t& transaction_id) {
    Millis queued_at = 0;
    if (transactions.outbox().front(clock.now(), queued_at) != DurableCalls::Front::ready) return "";
    char buffer[Messenger::kMaxDurablePayload];
    JsonWriter json(buffer);
    MessageId id;
    Text action;
    if (!transactions.outbox().write_front(json, id, action, clock.now())) return "";
    transaction_id = csms.take(id.text(), action, json.text());
    return to_string(id.text());
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
  bool exchange(Csms& csms) {
    int64_t transaction_id = 0;
    std::string id = send(csms, transaction_id);
    if (id.empty()) return false;
    answer(id, transaction_id);
    return true;
  }
};

/// A device on a storage that does what it is told when the test says so.
struct Simple {
  FakeClock clock;
  FakeStorage storage;
  Csms csms;
  std::unique_ptr<Device> device;
  uint32_t boots = 0;

  Simple() { boot(); }
  void boot() {
    storage.forget_jobs();
    clock.advance(1000);
    device.reset(new Device(storage, clock, ++boots * 77));
    device->load();
  }
  Transactions& tx() { return device->transactions; }
  /// Saves all there is to save, and removes what is to be removed.
  void settle() {
    for (int i = 0; i < 200; ++i) {
      tx().poll(clock.now());
      if (!storage.run_one()) return;
    }
    TEST_FAIL_MESSAGE("the storage never comes to rest");
  }
  void settle_and_send_all() {
    for (int i = 0; i < 5'000; ++i) {
      settle();
      if (!device->exchange(csms)) return;
    }
    TEST_FAIL_MESSAGE("the line never gets empty");
  }
  size_t record_files() const {
    size_t count = 0;
    for (const auto& file : storage.files) count += file.first.compare(0, 3, "tx-") == 0 ? 1u : 0u;
    return count;
  }
};

void whole_charge_goes_out_in_order_and_leaves_no_files() {
  Simple rig;
  rig.device->set_time();
  TEST_ASSERT_TRUE(rig.tx().begin("TAG", 1000, rig.clock.now()));
  rig.settle_and_send_all();
  int64_t id = 0;
  TEST_ASSERT_TRUE(rig.tx().transaction_id(id));
  TEST_ASSERT_EQUAL_INT64(100, id);
  rig.device->sample(1100);
  rig.settle_and_send_all();
  rig.tx().end(StopReason::local, "TAG", 1200, rig.clock.now());
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_size_t(3, rig.csms.messages.size());
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_STRING(
      "{\"transactionId\":100,\"idTag\":\"TAG\",\"meterStop\":1200,\"timestamp\":\"2023-11-14T22:13:21.000Z\","
      "\"reason\":\"Local\"}",
      rig.csms.messages[2].payload.c_str());
  TEST_ASSERT_EQUAL_size_t(0, rig.record_files());
  TEST_ASSERT_EQUAL_size_t(0, rig.tx().outbox().size());
  TEST_ASSERT_EQUAL_UINT32(0, rig.tx().dropped());
}

void nothing_is_sent_before_it_is_saved() {
  Simple rig;
  rig.device->set_time();
  rig.tx().begin("TAG", 0, rig.clock.now());
  Millis queued_at = 0;
  TEST_ASSERT_EQUAL(DurableCalls::Front::coming, rig.tx().outbox().front(rig.clock.now(), queued_at));
  rig.tx().poll(rig.clock.now());
  TEST_ASSERT_EQUAL(DurableCalls::Front::coming, rig.tx().outbox().front(rig.clock.now(), queued_at));
  rig.storage.run_one();
  TEST_ASSERT_EQUAL(DurableCalls::Front::ready, rig.tx().outbox().front(rig.clock.now(), queued_at));
  TEST_ASSERT_TRUE(rig.tx().all_saved());
}

void full_flash_does_not_stop_charging() {
  Simple rig;
  rig.device->set_time();
  rig.storage.result = StorageResult::full;
  TEST_ASSERT_TRUE(rig.tx().begin("TAG", 0, rig.clock.now()));
  for (int i = 0; i < 3; ++i) {
    rig.tx().poll(rig.clock.now());
    rig.storage.run_one();
    rig.clock.advance(10'000);
  }
  TEST_ASSERT_TRUE(rig.tx().all_saved());
  TEST_ASSERT_TRUE(rig.device->exchange(rig.csms));
  TEST_ASSERT_EQUAL_size_t(1, rig.csms.messages.size());
  TEST_ASSERT_TRUE(rig.device->uart.wrote("no space left"));
}

void refused_message_is_given_up_after_three_attempts_and_the_line_goes_on() {
  Simple rig;
  rig.device->set_time();
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle_and_send_all();
  rig.device->sample(10);
  rig.tx().end(StopReason::local, "", 20, rig.clock.now());
  rig.settle();
  std::set<std::string> ids;
  const Millis waits[] = {60'000, 120'000};
  for (int attempt = 0; attempt < 3; ++attempt) {
    int64_t none = 0;
    std::string id = rig.device->send(rig.csms, none);
    TEST_ASSERT_FALSE(id.empty());
    TEST_ASSERT_TRUE_MESSAGE(ids.insert(id).second, "no id is used twice on one connection");
    TEST_ASSERT_LESS_OR_EQUAL_size_t(kMaxMessageId, id.size());
    TEST_ASSERT_TRUE(rig.tx().outbox().on_error({id.data(), id.size()}, "InternalError", rig.clock.now()));
    if (attempt == 2) break;
    Millis queued_at = 0;
    TEST_ASSERT_EQUAL_UINT64(rig.clock.now() + waits[attempt], rig.tx().outbox().next_due());
    rig.clock.advance(waits[attempt] - 1);
    TEST_ASSERT_EQUAL(DurableCalls::Front::none, rig.tx().outbox().front(rig.clock.now(), queued_at));
    rig.clock.advance(1);
  }
  TEST_ASSERT_EQUAL_UINT32(1, rig.tx().dropped());
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_STRING("StopTransaction", rig.csms.messages.back().action.c_str());
  TEST_ASSERT_EQUAL_size_t(0, rig.record_files());
}

void start_that_is_given_up_takes_its_transaction_along() {
  Simple rig;
  rig.device->set_time();
  rig.tx().set_retries({1, 1000});
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  int64_t none = 0;
  std::string id = rig.device->send(rig.csms, none);
  rig.tx().outbox().on_timeout(rig.clock.now());
  rig.device->sample(10);
  rig.tx().end(StopReason::local, "", 20, rig.clock.now());
  TEST_ASSERT_TRUE(rig.tx().begin("NEXT", 30, rig.clock.now()));
  rig.tx().end(StopReason::local, "", 40, rig.clock.now());
  rig.csms = Csms();
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_UINT32(3, rig.tx().dropped());
  TEST_ASSERT_EQUAL_size_t(2, rig.csms.messages.size());
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_size_t(0, rig.record_files());
}

void late_answer_counts_and_a_second_one_is_ignored() {
  Simple rig;
  rig.device->set_time();
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  int64_t id = 0;
  std::string first = rig.device->send(rig.csms, id);
  rig.tx().outbox().on_timeout(rig.clock.now());
  rig.clock.advance(60'000);
  std::string second = rig.device->send(rig.csms, id);
  TEST_ASSERT_TRUE(first != second);
  rig.device->answer(first, id);
  rig.settle();
  TEST_ASSERT_TRUE(rig.tx().transaction_id(id));
  JsonError error;
  TEST_ASSERT_FALSE(
      rig.tx().outbox().on_result({second.data(), second.size()}, parse_json("{}", error), rig.clock.now()));
  TEST_ASSERT_FALSE(rig.tx().outbox().on_error({second.data(), second.size()}, "InternalError", rig.clock.now()));
  TEST_ASSERT_FALSE(rig.tx().outbox().on_result("", parse_json("{}", error), rig.clock.now()));
}

void same_id_is_used_on_the_next_connection() {
  Simple rig;
  rig.device->set_time();
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  int64_t id = 0;
  std::string first = rig.device->send(rig.csms, id);
  rig.tx().outbox().on_disconnected(rig.clock.now());
  TEST_ASSERT_EQUAL_STRING(first.c_str(), rig.device->send(rig.csms, id).c_str());
}

void start_answer_without_transaction_id_is_a_failed_attempt() {
  Simple rig;
  rig.device->set_time();
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  int64_t id = 0;
  std::string message = rig.device->send(rig.csms, id);
  JsonError error;
  TEST_ASSERT_TRUE(
      rig.tx().outbox().on_result({message.data(), message.size()}, parse_json("{}", error), rig.clock.now()));
  TEST_ASSERT_FALSE(rig.tx().transaction_id(id));
  TEST_ASSERT_EQUAL_UINT64(rig.clock.now() + 60'000, rig.tx().outbox().next_due());
}

struct Refusal final : TransactionListener {
  std::string status;
  void on_start_not_accepted(Text text, Millis) override { status = to_string(text); }
};

void refused_id_tag_is_told() {
  Simple rig;
  Refusal refusal;
  rig.tx().set_listener(refusal);
  rig.device->set_time();
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  int64_t id = 0;
  std::string message = rig.device->send(rig.csms, id);
  rig.device->answer(message, id, "Blocked");
  TEST_ASSERT_EQUAL_STRING("Blocked", refusal.status.c_str());
}

/// Charges offline with `samples` samples a minute apart, ends, and sends all.
void charge_offline(Simple& rig, unsigned samples) {
  rig.device->set_time();
  TEST_ASSERT_TRUE(rig.tx().begin("TAG", 0, rig.clock.now()));
  for (unsigned i = 1; i <= samples; ++i) {
    rig.clock.advance(60'000);
    rig.device->sample(i);
    rig.settle();
    TEST_ASSERT_LESS_OR_EQUAL_size_t(MessageLine::kMaxFiles, rig.record_files());
  }
  rig.tx().end(StopReason::local, "", samples, rig.clock.now());
}

void no_sample_of_an_offline_charge_is_lost_up_to_the_bound() {
  static_assert(MessageLine::kMaxSamples >= 1'000, "a day at a sample a minute, and more");
  Simple rig;
  charge_offline(rig, MessageLine::kMaxSamples);
  rig.boot();  // they are on flash
  rig.device->set_time();
  rig.settle_and_send_all();
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_size_t(MessageLine::kMaxSamples, rig.csms.count("MeterValues"));
  TEST_ASSERT_EQUAL_UINT32(0, rig.tx().dropped());
  int64_t before = 0;
  for (const Csms::Message& message : rig.csms.messages) {
    if (message.action != "MeterValues") continue;
    TEST_ASSERT_EQUAL_INT64_MESSAGE(before + 1, message.energy, "a sample is missing or comes twice");
    before = message.energy;
  }
}

void full_line_thins_meter_values_evenly_and_keeps_start_and_stop() {
  constexpr unsigned kSamples = 3 * MessageLine::kMaxSamples;
  Simple rig;
  charge_offline(rig, kSamples);
  rig.settle_and_send_all();
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_size_t(1, rig.csms.count("StartTransaction"));
  TEST_ASSERT_EQUAL_size_t(1, rig.csms.count("StopTransaction"));
  TEST_ASSERT_EQUAL_UINT32(kSamples - rig.csms.count("MeterValues"), rig.tx().dropped());
  TEST_ASSERT_GREATER_OR_EQUAL_size_t(MessageLine::kMaxSamples / 2, rig.csms.count("MeterValues"));
  int64_t before = 0;
  int64_t widest = 0;
  for (const Csms::Message& message : rig.csms.messages) {
    if (message.energy - before > widest) widest = message.energy - before;
    before = message.energy;
  }
  // Evenly would be a gap of 3; each thinning doubles it.
  TEST_ASSERT_LESS_OR_EQUAL_INT64(8, widest);
}

/// A cut between the two writes of a thinning leaves no sample that is sent twice.
void cut_while_thinning_repeats_no_sample() {
  for (int jobs = 0; jobs < 4; ++jobs) {
    Simple rig;
    rig.device->set_time();
    rig.tx().begin("TAG", 0, rig.clock.now());
    unsigned wh = 0;
    for (; rig.tx().dropped() == 0; ++wh) {
      rig.settle();
      rig.clock.advance(60'000);
      rig.device->sample(wh + 1);
      rig.tx().poll(rig.clock.now());
      TEST_ASSERT_LESS_THAN(3'000, wh);
    }
    for (int i = 0; i < jobs; ++i) {
      rig.storage.run_one();
      rig.tx().poll(rig.clock.now());
    }
    rig.boot();
    rig.device->set_time();
    rig.settle_and_send_all();
    rig.csms.assert_in_order();
    int64_t before = 0;
    for (const Csms::Message& message : rig.csms.messages) {
      if (message.action != "MeterValues") continue;
      TEST_ASSERT_GREATER_THAN_INT64_MESSAGE(before, message.energy, "a sample comes twice");
      TEST_ASSERT_LESS_OR_EQUAL_INT64(before + 2, message.energy);
      before = message.energy;
    }
  }
}

void many_offline_transactions_are_refused_before_one_is_lost() {
  Simple rig;
  rig.device->set_time();
  unsigned begun = 0;
  while (rig.tx().begin("TAG", begun, rig.clock.now())) {
    ++begun;
    rig.settle();
    rig.device->sample(begun);
    rig.settle();
    rig.tx().end(StopReason::local, "", begun, rig.clock.now());
    rig.settle();
    TEST_ASSERT_LESS_THAN(100, begun);
  }
  TEST_ASSERT_EQUAL(MessageLine::kMaxFiles / 3, begun);
  TEST_ASSERT_TRUE(rig.device->uart.wrote("no room for another transaction"));
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_size_t(begun, rig.csms.count("StartTransaction"));
  TEST_ASSERT_EQUAL_size_t(begun, rig.csms.count("StopTransaction"));
  rig.csms.assert_in_order();
  TEST_ASSERT_TRUE(rig.tx().begin("TAG", begun, rig.clock.now()));
}

void times_from_before_the_clock_was_set_are_put_right() {
  Simple rig;
  rig.clock.advance(5'000);
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.clock.advance(10'000);
  rig.tx().end(StopReason::local, "", 5, rig.clock.now());
  rig.clock.advance(5'000);
  rig.device->set_time();  // 21 s after the clock's zero it is noon plus 21 s
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_STRING("2023-11-14T22:13:26.000Z", rig.csms.messages[0].timestamp.c_str());
  TEST_ASSERT_EQUAL_STRING("2023-11-14T22:13:36.000Z", rig.csms.messages[1].timestamp.c_str());
}

void times_of_a_boot_that_never_knew_are_not_in_1970() {
  Simple rig;
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.tx().end(StopReason::local, "", 5, rig.clock.now());
  rig.settle();
  rig.boot();
  rig.device->set_time();
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_size_t(2, rig.csms.messages.size());
  rig.csms.assert_in_order();
}

void guessed_times_keep_their_order() {
  Simple rig;
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  rig.clock.advance(5'000);
  rig.device->set_time();
  rig.device->sample(3);
  rig.settle();
  rig.boot();
  // The start's time is not known: it was before this boot, which is an hour later.
  rig.device->time.set_from_csms(kNoon + 3'600'000);
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_size_t(3, rig.csms.messages.size());
  rig.csms.assert_in_order();
}

void damaged_files_are_given_up_and_the_rest_goes_on() {
  Simple rig;
  rig.device->set_time();
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.device->sample(1);
  rig.device->sample(2);
  rig.tx().end(StopReason::local, "", 3, rig.clock.now());
  rig.settle();
  const std::map<std::string, std::string> whole = rig.storage.files;
  auto file = whole.begin();
  while (file->first.compare(0, 3, "tx-") != 0) ++file;
  ++file;  // the meter values
  for (size_t i = 0; i < file->second.size(); ++i) {
    rig.storage.files = whole;
    rig.storage.files[file->first][i] ^= 1;
    rig.boot();
    rig.device->set_time();
    rig.csms = Csms();
    rig.settle_and_send_all();
    TEST_ASSERT_EQUAL_size_t(2, rig.csms.messages.size());
    rig.csms.assert_in_order();
    TEST_ASSERT_EQUAL_size_t(0, rig.record_files());
  }
}

void energy_register_survives_and_the_ledger_may_be_damaged() {
  Simple rig;
  rig.device->set_time();
  rig.tx().note_energy(99);
  rig.settle();
  TEST_ASSERT_EQUAL_size_t(0, rig.storage.files.count("ledger"));
  rig.tx().note_energy(100);
  rig.settle();
  rig.boot();
  TEST_ASSERT_EQUAL_UINT64(100, rig.tx().energy_wh());
  rig.tx().save_energy(101);
  rig.tx().save_energy(50);
  rig.settle();
  rig.boot();
  TEST_ASSERT_EQUAL_UINT64(101, rig.tx().energy_wh());
  rig.tx().begin("TAG", 150, rig.clock.now());
  rig.settle();
  rig.storage.files["ledger"][20] ^= 4;
  rig.boot();
  TEST_ASSERT_EQUAL_UINT64(150, rig.tx().energy_wh());
  TEST_ASSERT_TRUE(rig.device->uart.wrote("the ledger is damaged"));
}

// ---- power cuts

/// The whole thing on littlefs on NOR flash, cut at a flash operation.
struct Rig {
  RamFlash flash;
  FakeClock clock;
  Csms csms;
  uint32_t boots = 0;
  bool online = true;

  struct Boot {
    FakeWorker worker;
    LittleFsStorage storage;
    Device device;
    Boot(RamFlash& flash, FakeClock& clock, uint32_t seed) : storage(flash, worker), device(storage, clock, seed) {}
  };
  std::unique_ptr<Boot> now;
  uint64_t energy_promised = 0;  // by what the CSMS was told

  /// @return false when the power failed on the way.
  bool boot() {
    clock.advance(1000);
    now.reset(new Boot(flash, clock, ++boots * 1013));
    now->storage.mount();
    if (flash.dead()) return false;
    now->device.load();
    now->device.set_time();
    TEST_ASSERT_GREATER_OR_EQUAL_UINT64_MESSAGE(energy_promised, tx().energy_wh(), "the energy register went back");
    return !flash.dead();
  }
  Transactions& tx() { return now->device.transactions; }

  /// Lets flash and CSMS work until there is nothing to do. @return false when the power failed.
  bool work() {
    for (int round = 0; round < 1000; ++round) {
      tx().poll(clock.now());
      bool stored = now->worker.deliver();
      if (flash.dead()) return false;
      bool sent = online && now->device.exchange(csms);
      if (sent && !csms.messages.empty()) energy_promised = static_cast<uint64_t>(csms.messages.back().energy);
      if (!stored && !sent) return true;
    }
    TEST_FAIL_MESSAGE("the device never comes to rest");
    return false;
  }

  /// Two charges, of which each message is followed by the next when it is safe. Offline they are sent in the end.
  bool charge() {
    for (unsigned i = 0; i < 2; ++i) {
      uint64_t energy = tx().energy_wh();
      if (!tx().begin(i == 0 ? "ONE" : "TWO", energy, clock.now()) || !work()) return false;
      for (unsigned k = 1; k <= 2; ++k) {
        clock.advance(60'000);
        now->device.sample(energy + 10 * k);
        if (!work()) return false;
      }
      clock.advance(1'000);
      tx().end(StopReason::local, "", energy + 25, clock.now());
      if (!work()) return false;
    }
    online = true;
    return work();
  }

  size_t files() {
    size_t count = 0;
    now->storage.list("", [](void* counter, Text) { ++*static_cast<size_t*>(counter); }, &count);
    return count;
  }
};

/// The bound of samples that wait, measured on littlefs on the real partition.
void storage_holds_the_samples_that_are_promised() {
  Rig rig;
  rig.online = false;
  TEST_ASSERT_TRUE(rig.boot());
  TEST_ASSERT_TRUE(rig.tx().begin("TAG", 0, rig.clock.now()));
  for (uint64_t i = 1; i <= MessageLine::kMaxSamples; ++i) {
    rig.clock.advance(60'000);
    rig.now->device.sample(i);
    TEST_ASSERT_TRUE(rig.work());
  }
  TEST_ASSERT_LESS_THAN_size_t_MESSAGE(72, rig.now->storage.blocks_in_use(), "half of the partition's blocks");
  TEST_ASSERT_TRUE(rig.boot());  // cut: ended with PowerLoss
  rig.online = true;
  for (size_t i = 0; i < MessageLine::kMaxSamples + 10; ++i) {
    rig.tx().poll(rig.clock.now());
    rig.now->worker.deliver();
    rig.now->device.exchange(rig.csms);
  }
  TEST_ASSERT_TRUE(rig.work());
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_size_t(MessageLine::kMaxSamples, rig.csms.count("MeterValues"));
  TEST_ASSERT_EQUAL_UINT32(0, rig.tx().dropped());
}

/// A transaction that is kept open over cuts has one StopTransaction in the end, and each of its samples once.
void kept_transaction_goes_on_over_cuts() {
  Simple rig;
  rig.device->set_time();
  rig.tx().begin("TAG", 100, rig.clock.now());
  rig.tx().set_parent_id_tag("FAMILY");
  rig.settle_and_send_all();
  for (unsigned cut = 1; cut <= 3; ++cut) {
    rig.device->sample(100 + 10 * cut);
    rig.settle_and_send_all();
    rig.clock.advance(60'000);
    rig.storage.forget_jobs();
    rig.device.reset(new Device(rig.storage, rig.clock, ++rig.boots * 77));
    rig.device->load(Transactions::LeftOpen::keep);
    rig.device->set_time();
    TEST_ASSERT_TRUE(rig.tx().open());
    TEST_ASSERT_EQUAL_STRING("TAG", to_string(rig.tx().id_tag()).c_str());
    TEST_ASSERT_EQUAL_UINT64(100, rig.tx().meter_start_wh());
    int64_t id = 0;
    TEST_ASSERT_TRUE(rig.tx().transaction_id(id));
    TEST_ASSERT_EQUAL_INT64(100, id);
  }
  rig.tx().end(StopReason::local, "TAG", 200, rig.clock.now());
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_size_t(5, rig.csms.messages.size());
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_size_t(0, rig.record_files());
}

void refused_transaction_is_not_kept() {
  Simple rig;
  rig.device->set_time();
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  int64_t id = 0;
  std::string message = rig.device->send(rig.csms, id);
  rig.device->answer(message, id, "Blocked");
  TEST_ASSERT_TRUE(rig.tx().refused());
  rig.settle();
  rig.device.reset(new Device(rig.storage, rig.clock, 5));
  rig.device->load(Transactions::LeftOpen::keep);
  rig.device->set_time();
  TEST_ASSERT_FALSE(rig.tx().open());
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_STRING("StopTransaction", rig.csms.messages.back().action.c_str());
}

constexpr Measurands kEnergyOnly{Measurand::energy_active_import_register};

void stop_tells_the_readings_that_were_kept_for_it_also_after_a_cut() {
  for (bool cut : {false, true}) {
    Simple rig;
    rig.device->set_time();
    rig.tx().begin("TAG", 0, rig.clock.now());
    rig.tx().keep_for_stop({0, 0}, ReadingContext::transaction_begin, kEnergyOnly, rig.clock.now());
    for (unsigned i = 1; i <= 100; ++i) {
      rig.clock.advance(60'000);
      rig.tx().keep_for_stop({i, 0}, ReadingContext::sample_periodic, kEnergyOnly, rig.clock.now());
      rig.settle();
    }
    rig.tx().keep_for_stop({101, 0}, ReadingContext::transaction_end, kEnergyOnly, rig.clock.now());
    rig.tx().end(StopReason::local, "", 101, rig.clock.now());
    rig.settle();
    if (cut) rig.boot();
    rig.device->set_time();
    rig.settle_and_send_all();
    const std::string& stop = rig.csms.messages.back().payload;
    JsonError error;
    JsonValue data = parse_json({stop.data(), stop.size()}, error).find("transactionData");
    TEST_ASSERT_GREATER_OR_EQUAL_size_t(10, data.size());
    TEST_ASSERT_LESS_OR_EQUAL_size_t(MeterBatch::kMaxSamples, data.size());
    TEST_ASSERT_TRUE(data.at(0).path("sampledValue.0.context").equals("Transaction.Begin"));
    TEST_ASSERT_TRUE(data.at(data.size() - 1).path("sampledValue.0.context").equals("Transaction.End"));
    TEST_ASSERT_TRUE(data.at(data.size() - 1).path("sampledValue.0.value").equals("101"));
    for (const auto& file : rig.storage.files) TEST_ASSERT_TRUE_MESSAGE(file.first == "ledger", file.first.c_str());
  }
}

void nothing_is_sent_before_the_time_is_known() {
  Simple rig;
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  Millis queued_at = 0;
  TEST_ASSERT_EQUAL(DurableCalls::Front::none, rig.tx().outbox().front(rig.clock.now(), queued_at));
  rig.device->set_time();
  TEST_ASSERT_EQUAL(DurableCalls::Front::ready, rig.tx().outbox().front(rig.clock.now(), queued_at));
}

void message_sent_again_after_a_cut_tells_the_same_time() {
  Simple rig;
  const Timestamp known = format_timestamp(kNoon);
  rig.storage.files[to_string(TimeSync::kFile)].assign(known.text().data, known.text().data + known.text().length);
  rig.boot();
  rig.device->time.restore();
  TEST_ASSERT_EQUAL(TimeQuality::last_known, rig.device->time.quality());
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  int64_t transaction_id = 0;
  TEST_ASSERT_FALSE(rig.device->send(rig.csms, transaction_id).empty());
  const std::string first = rig.csms.messages.back().timestamp;
  rig.boot();  // before the answer came
  rig.csms.seen.clear();
  rig.device->time.set_from_csms(kNoon + 3'600'000);
  TEST_ASSERT_FALSE(rig.device->send(rig.csms, transaction_id).empty());
  TEST_ASSERT_EQUAL_STRING(first.c_str(), rig.csms.messages.back().timestamp.c_str());
}

constexpr Tear kTears[] = {Tear::none, Tear::half, Tear::random};

uint64_t operations_of_a_charge(bool online) {
  Rig rig;
  rig.online = online;
  TEST_ASSERT_TRUE(rig.boot());
  uint64_t before = rig.flash.operations();
  TEST_ASSERT_TRUE(rig.charge());
  TEST_ASSERT_EQUAL_size_t(8, rig.csms.messages.size());
  rig.csms.assert_in_order();
  return rig.flash.operations() - before;
}

/// After the last cut everything is sent, nothing is lost that the CSMS knows of, and no file is left behind.
void assert_recovered(Rig& rig) {
  rig.online = true;
  TEST_ASSERT_TRUE(rig.work());
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_size_t(0, rig.tx().outbox().size());
  TEST_ASSERT_EQUAL_UINT32_MESSAGE(0, rig.tx().dropped(), "nothing may be given up");
  TEST_ASSERT_LESS_OR_EQUAL_size_t_MESSAGE(1, rig.files(), "only the ledger stays");
  size_t messages = rig.csms.messages.size();
  TEST_ASSERT_TRUE(rig.charge());
  TEST_ASSERT_EQUAL_size_t(messages + 8, rig.csms.messages.size());
  rig.csms.assert_in_order();
}

void cut_at_every_operation(bool online) {
  uint64_t operations = operations_of_a_charge(online);
  TEST_ASSERT_GREATER_THAN_UINT64(20, operations);
  for (uint64_t cut = 1; cut <= operations; ++cut) {
    for (Tear tear : kTears) {
      Rig rig;
      TEST_ASSERT_TRUE(rig.boot());
      rig.online = online;
      rig.flash.cut_at(cut, tear, static_cast<uint32_t>(cut));
      TEST_ASSERT_FALSE(rig.charge());
      rig.flash.power_on();
      TEST_ASSERT_TRUE(rig.boot());
      assert_recovered(rig);
    }
  }
}

void power_cut_at_every_flash_operation() { cut_at_every_operation(true); }

void power_cut_at_every_flash_operation_of_offline_charges() { cut_at_every_operation(false); }

void second_cut_at_every_operation_of_the_recovery() {
  uint64_t operations = operations_of_a_charge(true);
  for (uint64_t cut = 1; cut <= operations; cut += 3) {
    for (uint64_t second = 1;; ++second) {
      Rig rig;
      Tear tear = kTears[(cut + second) % 3];
      TEST_ASSERT_TRUE(rig.boot());
      rig.flash.cut_at(cut, tear, static_cast<uint32_t>(cut));
      TEST_ASSERT_FALSE(rig.charge());
      rig.flash.power_on();
      rig.flash.cut_at(second, tear, static_cast<uint32_t>(second));
      bool whole = rig.boot() && rig.work();
      rig.flash.power_on();
      if (!whole) TEST_ASSERT_TRUE(rig.boot());
      assert_recovered(rig);
      if (whole) break;
    }
  }
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(whole_charge_goes_out_in_order_and_leaves_no_files);
  RUN_TEST(nothing_is_sent_before_it_is_saved);
  RUN_TEST(full_flash_does_not_stop_charging);
  RUN_TEST(refused_message_is_given_up_after_three_attempts_and_the_line_goes_on);
  RUN_TEST(start_that_is_given_up_takes_its_transaction_along);
  RUN_TEST(late_answer_counts_and_a_second_one_is_ignored);
  RUN_TEST(same_id_is_used_on_the_next_connection);
  RUN_TEST(start_answer_without_transaction_id_is_a_failed_attempt);
  RUN_TEST(refused_id_tag_is_told);
  RUN_TEST(no_sample_of_an_offline_charge_is_lost_up_to_the_bound);
  RUN_TEST(full_line_thins_meter_values_evenly_and_keeps_start_and_stop);
  RUN_TEST(cut_while_thinning_repeats_no_sample);
  RUN_TEST(many_offline_transactions_are_refused_before_one_is_lost);
  RUN_TEST(times_from_before_the_clock_was_set_are_put_right);
  RUN_TEST(times_of_a_boot_that_never_knew_are_not_in_1970);
  RUN_TEST(guessed_times_keep_their_order);
  RUN_TEST(damaged_files_are_given_up_and_the_rest_goes_on);
  RUN_TEST(energy_register_survives_and_the_ledger_may_be_damaged);
  RUN_TEST(storage_holds_the_samples_that_are_promised);
  RUN_TEST(kept_transaction_goes_on_over_cuts);
  RUN_TEST(refused_transaction_is_not_kept);
  RUN_TEST(stop_tells_the_readings_that_were_kept_for_it_also_after_a_cut);
  RUN_TEST(nothing_is_sent_before_the_time_is_known);
  RUN_TEST(message_sent_again_after_a_cut_tells_the_same_time);
  RUN_TEST(power_cut_at_every_flash_operation);
  RUN_TEST(power_cut_at_every_flash_operation_of_offline_charges);
  RUN_TEST(second_cut_at_every_operation_of_the_recovery);
  return UNITY_END();
}
