#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

constexpr Millis kWhile = 60'000;

/// Charges 40 Wh with a sample every minute. @return whether the charge began.
bool charge(Simple& rig, bool online) {
  const uint64_t energy = rig.tx().energy_wh();
  if (!rig.tx().begin("TAG", energy, rig.clock.now())) return false;
  for (unsigned i = 1; i <= 4; ++i) {
    rig.pass(kWhile, online);
    rig.device->sample(energy + 10 * i);
  }
  rig.pass(kWhile, online);
  rig.tx().end(StopReason::local, "", energy + 40, rig.clock.now());
  rig.pass(kWhile, online);
  return true;
}

/// On a full or broken flash, answered messages are removed from memory each time.
void failing_flash_does_not_prevent_charging() {
  constexpr unsigned kCharges = 20;
  for (StorageResult result : {StorageResult::full, StorageResult::failed}) {
    Simple rig;
    rig.device->set_time();
    rig.storage.result = result;
    for (unsigned i = 0; i < kCharges; ++i) TEST_ASSERT_TRUE_MESSAGE(charge(rig, true), "rejected");
    TEST_ASSERT_EQUAL_size_t(kCharges * 6, rig.csms.messages.size());
    rig.csms.assert_in_order();
    TEST_ASSERT_EQUAL_UINT32(0, rig.tx().dropped());
    TEST_ASSERT_EQUAL_size_t(0, rig.tx().outbox().size());
    TEST_ASSERT_TRUE(rig.tx().all_saved());
    rig.storage.result = StorageResult::ok;
    rig.pass(kWhile, true);
    rig.boot();
    rig.device->set_time();
    rig.settle_and_send_all();
    TEST_ASSERT_EQUAL_size_t_MESSAGE(kCharges * 6, rig.csms.messages.size(),
                                     "every message was sent, and the ledger is up to date");
    TEST_ASSERT_EQUAL_UINT64(kCharges * 40, rig.tx().energy_wh());
  }
}

void flash_that_fills_up_in_a_charge_does_not_prevent_charging() {
  Simple rig;
  rig.device->set_time();
  TEST_ASSERT_TRUE(rig.tx().begin("TAG", 0, rig.clock.now()));
  rig.settle_and_send_all();
  rig.device->sample(5);
  rig.settle_and_send_all();
  rig.device->sample(10);
  rig.settle();  // a file that waits for its answer
  rig.storage.result = StorageResult::full;
  rig.pass(kWhile, true);
  rig.tx().end(StopReason::local, "", 20, rig.clock.now());
  rig.pass(kWhile, true);
  for (unsigned i = 0; i < 10; ++i) TEST_ASSERT_TRUE_MESSAGE(charge(rig, true), "rejected");
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_size_t(11, rig.csms.count("StopTransaction"));
  TEST_ASSERT_EQUAL_UINT32(0, rig.tx().dropped());
  rig.storage.result = StorageResult::ok;
  rig.pass(kWhile, true);
  TEST_ASSERT_EQUAL_size_t(0, rig.record_files());
}

void new_message_does_not_wait_for_the_retry_of_another() {
  Simple rig;
  rig.device->set_time();
  rig.storage.result = StorageResult::full;
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  rig.storage.result = StorageResult::ok;
  rig.settle();
  TEST_ASSERT_EQUAL_size_t_MESSAGE(0, rig.record_files(), "the failed write is retried later");
  rig.tx().end(StopReason::local, "", 10, rig.clock.now());
  rig.tx().poll(rig.clock.now());
  rig.storage.run_one();
  TEST_ASSERT_EQUAL_size_t(1, rig.record_files());
}

/// The jobs of other features fill the storage. Answered messages must not keep their files for a pause of seconds: a
/// restart meanwhile would send them again.
void storage_without_room_is_used_again_as_soon_as_a_job_ends() {
  Simple rig;
  rig.begin();
  while (rig.storage.write("another", Bytes{reinterpret_cast<const uint8_t*>("x"), 1}, StorageDone())) {
  }
  rig.storage.a_job_is_under_way = true;
  rig.tx().end(StopReason::local, "", 10, rig.clock.now());
  rig.tx().poll(rig.clock.now());
  rig.storage.a_job_is_under_way = false;
  rig.storage.run_all();
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_size_t(0, rig.record_files());
}

/// Memory holds three transactions: another one is rejected, because its StopTransaction would have no place.
void offline_with_a_full_flash_a_transaction_needs_room_for_its_stop() {
  for (bool full_from_the_start : {true, false}) {
    Simple rig;
    rig.device->set_time();
    unsigned begun = 0;
    if (full_from_the_start) rig.storage.result = StorageResult::full;
    while (rig.tx().begin("TAG", begun, rig.clock.now())) {
      rig.pass(kWhile, false);
      rig.storage.result = StorageResult::full;
      rig.tx().end(StopReason::local, "", ++begun, rig.clock.now());
      rig.pass(kWhile, false);
      TEST_ASSERT_LESS_THAN(10, begun);
    }
    TEST_ASSERT_EQUAL(3, begun);
    TEST_ASSERT_EQUAL_UINT32(0, rig.tx().dropped());
    rig.pass(kWhile, true);
    TEST_ASSERT_EQUAL_size_t(2 * begun, rig.csms.messages.size());
    rig.csms.assert_in_order();
    TEST_ASSERT_TRUE(rig.tx().begin("TAG", begun, rig.clock.now()));
  }
}

/// The time of a message on flash becomes known while memory has three transactions: their stops keep their places.
void message_with_a_new_time_takes_no_place_of_a_stop() {
  Simple rig;
  rig.tx().begin("TAG", 0, rig.clock.now());  // without a time
  rig.settle();
  rig.tx().end(StopReason::local, "", 1, rig.clock.now());
  rig.settle();
  rig.storage.result = StorageResult::full;
  for (unsigned begun = 1; begun < 3; ++begun) {
    TEST_ASSERT_TRUE(rig.tx().begin("TAG", begun, rig.clock.now()));
    rig.tx().end(StopReason::local, "", begun + 1, rig.clock.now());
  }
  TEST_ASSERT_TRUE(rig.tx().begin("TAG", 3, rig.clock.now()));
  rig.device->set_time();
  rig.pass(kWhile, false);
  rig.tx().end(StopReason::local, "", 4, rig.clock.now());
  TEST_ASSERT_EQUAL_UINT32(0, rig.tx().dropped());
  rig.pass(kWhile, true);
  TEST_ASSERT_EQUAL_size_t(8, rig.csms.messages.size());
  rig.csms.assert_in_order();
}

/// A power cut within the pause of a rejected stop would lose it, and the CSMS would keep its transaction open.
void rejected_message_is_saved_as_soon_as_another_write_succeeds() {
  Simple rig;
  rig.begin();
  rig.storage.result = StorageResult::full;
  rig.tx().end(StopReason::local, "", 10, rig.clock.now());
  rig.settle();
  TEST_ASSERT_EQUAL_size_t(1, rig.record_files());
  rig.storage.result = StorageResult::ok;
  TEST_ASSERT_TRUE(rig.tx().begin("NEXT", 10, rig.clock.now()));
  rig.settle();
  TEST_ASSERT_EQUAL_size_t(3, rig.record_files());
}

/// The flash is full only for a moment: rejected messages are saved afterwards, and survive a power cut.
void unsaved_messages_are_saved_later() {
  Simple rig;
  rig.device->set_time();
  rig.storage.result = StorageResult::full;
  TEST_ASSERT_TRUE(rig.tx().begin("TAG", 0, rig.clock.now()));
  rig.device->sample(10);
  rig.pass(kWhile, false);
  TEST_ASSERT_TRUE(rig.tx().all_saved());  // as far as possible: a reset does not wait for it
  TEST_ASSERT_EQUAL_size_t(0, rig.record_files());
  rig.storage.result = StorageResult::ok;
  rig.pass(kWhile, false);
  TEST_ASSERT_EQUAL_size_t(2, rig.record_files());
  rig.tx().end(StopReason::local, "", 20, rig.clock.now());
  rig.pass(kWhile, false);
  rig.boot();
  rig.device->set_time();
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_size_t(3, rig.csms.messages.size());
  rig.csms.assert_in_order();
}

/// A message with a failed write counts as stored during retries, also a batch that grows.
void message_is_sent_from_memory_during_retries_of_its_write() {
  Simple rig;
  rig.device->set_time();
  rig.storage.result = StorageResult::full;
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.device->sample(1);
  rig.pass(kWhile, false);
  rig.device->sample(2);
  rig.tx().poll(rig.clock.now());  // a write is running
  TEST_ASSERT_TRUE(rig.tx().all_saved());
  while (rig.device->exchange(rig.csms)) {
  }
  TEST_ASSERT_EQUAL_size_t(3, rig.csms.messages.size());
  // The write succeeds after the answer: the file is removed again.
  rig.storage.result = StorageResult::ok;
  rig.pass(kWhile, false);
  TEST_ASSERT_EQUAL_size_t(0, rig.record_files());
}

/// A reading for transactionData every second, and none can be saved: messages are still saved.
void readings_for_the_stop_do_not_delay_messages() {
  Simple rig;
  rig.device->set_time();
  rig.storage.result = StorageResult::full;
  TEST_ASSERT_TRUE(rig.tx().begin("TAG", 0, rig.clock.now()));
  for (unsigned i = 0; i < 20; ++i) {
    rig.tx().keep_for_stop({i, 0}, ReadingContext::sample_periodic, {Measurand::energy_active_import_register},
                           rig.clock.now());
    rig.pass(1'000, true);
  }
  TEST_ASSERT_EQUAL_size_t(1, rig.csms.messages.size());
}

/// Makes a transaction with one reading of 5 Wh for its StopTransaction. @param result of the flash
void charge_with_data(Simple& rig, uint64_t from_wh, StorageResult result) {
  TEST_ASSERT_TRUE(rig.tx().begin("TAG", from_wh, rig.clock.now()));
  rig.settle();
  rig.storage.result = result;
  rig.tx().keep_for_stop({from_wh + 5, 0}, ReadingContext::sample_periodic, {Measurand::energy_active_import_register},
                         rig.clock.now());
  rig.tx().poll(rig.clock.now());
  rig.storage.run_one();
  rig.storage.result = StorageResult::ok;
  rig.tx().end(StopReason::local, "", from_wh + 10, rig.clock.now());
}

void assert_stops_have_data(const Simple& rig, size_t stops) {
  TEST_ASSERT_EQUAL_size_t(stops, rig.csms.count("StopTransaction"));
  for (const Csms::Message& message : rig.csms.messages) {
    if (message.action != "StopTransaction") continue;
    JsonError error;
    FixedText<20> value;
    int64_t energy = 0;
    TEST_ASSERT_TRUE_MESSAGE(parse_json({message.payload.data(), message.payload.size()}, error)
                                 .path("transactionData.0.sampledValue.0.value")
                                 .get(value),
                             "a stop without its transactionData");
    TEST_ASSERT_TRUE(parse_decimal(value.text(), energy));
    TEST_ASSERT_EQUAL_INT64(message.energy - 5, energy);
  }
}

/// One write fails, and later ones succeed: nothing is missing, with and without a power cut.
void readings_for_the_stop_survive_a_failed_write() {
  for (bool cut : {false, true}) {
    for (StorageResult result : {StorageResult::full, StorageResult::failed}) {
      Simple rig;
      rig.device->set_time();
      charge_with_data(rig, 0, result);
      rig.pass(kWhile, false);
      if (cut) rig.boot();
      rig.device->set_time();
      rig.settle_and_send_all();
      assert_stops_have_data(rig, 1);
      for (const auto& file : rig.storage.files) TEST_ASSERT_TRUE_MESSAGE(is_lasting(file.first), file.first.c_str());
    }
  }
}

/// The next transaction begins before the readings are saved.
void unsaved_readings_stay_in_memory_with_those_of_later_transactions() {
  Simple rig;
  rig.device->set_time();
  for (unsigned i = 0; i < StopData::kMaxInMemory; ++i) charge_with_data(rig, 10 * i, StorageResult::full);
  rig.pass(kWhile, false);
  rig.boot();
  rig.device->set_time();
  rig.settle_and_send_all();
  assert_stops_have_data(rig, StopData::kMaxInMemory);
}

/// Three transactions fit into memory, together with their transactionData.
void readings_for_the_stops_are_sent_from_memory() {
  Simple rig;
  rig.device->set_time();
  for (unsigned i = 0; i < StopData::kMaxInMemory; ++i) {
    rig.storage.result = StorageResult::full;
    TEST_ASSERT_TRUE(rig.tx().begin("TAG", 10 * i, rig.clock.now()));
    rig.tx().keep_for_stop({10 * i + 5, 0}, ReadingContext::sample_periodic, {Measurand::energy_active_import_register},
                           rig.clock.now());
    rig.pass(kWhile, false);
    rig.tx().end(StopReason::local, "", 10 * i + 10, rig.clock.now());
    rig.pass(kWhile, false);
  }
  rig.pass(kWhile, true);
  assert_stops_have_data(rig, StopData::kMaxInMemory);
  rig.storage.result = StorageResult::ok;
  rig.pass(kWhile, true);
  for (const auto& file : rig.storage.files) TEST_ASSERT_TRUE_MESSAGE(is_lasting(file.first), file.first.c_str());
}

}  // namespace

void run_full_flash_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(failing_flash_does_not_prevent_charging);
  RUN_TEST(new_message_does_not_wait_for_the_retry_of_another);
  RUN_TEST(storage_without_room_is_used_again_as_soon_as_a_job_ends);
  RUN_TEST(flash_that_fills_up_in_a_charge_does_not_prevent_charging);
  RUN_TEST(offline_with_a_full_flash_a_transaction_needs_room_for_its_stop);
  RUN_TEST(message_with_a_new_time_takes_no_place_of_a_stop);
  RUN_TEST(rejected_message_is_saved_as_soon_as_another_write_succeeds);
  RUN_TEST(unsaved_messages_are_saved_later);
  RUN_TEST(message_is_sent_from_memory_during_retries_of_its_write);
  RUN_TEST(readings_for_the_stop_do_not_delay_messages);
  RUN_TEST(readings_for_the_stop_survive_a_failed_write);
  RUN_TEST(unsaved_readings_stay_in_memory_with_those_of_later_transactions);
  RUN_TEST(readings_for_the_stops_are_sent_from_memory);
}
