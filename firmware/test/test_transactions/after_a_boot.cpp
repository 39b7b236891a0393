#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

void damaged_files_are_dropped_and_others_are_sent() {
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

/// The CSMS has the message already, and the answer was lost: it is resent with its id, and the charge is billed once.
void damaged_start_is_resent_from_its_copy() {
  Simple rig;
  rig.begin();
  rig.device->sample(1);
  rig.settle();
  int64_t transaction_id = 0;
  const std::string id = rig.device->send(rig.csms, transaction_id);
  rig.storage.files.lower_bound("tx-")->second[20] ^= 1;
  rig.boot();
  rig.device->set_time();
  rig.settle();
  TEST_ASSERT_EQUAL_STRING(id.c_str(), rig.device->send(rig.csms, transaction_id).c_str());
  rig.device->answer(id, transaction_id);
  rig.settle_and_send_all();
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_size_t(3, rig.csms.messages.size());
}

/// Flash decays during the weeks without a CSMS, not only before a boot.
void start_damaged_since_the_boot_is_sent_from_its_copy() {
  for (const bool has_time : {true, false}) {
    Simple rig;
    if (has_time) rig.device->set_time();
    rig.tx().begin("TAG", 0, rig.clock.now());
    rig.settle();
    rig.storage.files.lower_bound("tx-")->second[20] ^= 1;
    rig.device->set_time();
    rig.tx().end(StopReason::local, "", 9, rig.clock.now());
    rig.settle_and_send_all();
    TEST_ASSERT_EQUAL_size_t(2, rig.csms.messages.size());
    rig.csms.assert_in_order();
    TEST_ASSERT_EQUAL_UINT32(0, rig.tx().dropped());
  }
}

/// The copy is that of the newest start: an older one is in the file of its stop.
void damaged_start_of_an_earlier_charge_is_restored_from_its_stop() {
  for (const bool is_missing : {false, true}) {
    for (const bool is_kept_over_a_cut : {false, true}) {
      Simple rig;
      rig.device->set_time();
      rig.tx().begin("OLD", 5, rig.clock.now());
      rig.settle();
      rig.clock.advance(60'000);
      if (is_kept_over_a_cut) rig.boot(Transactions::LeftOpen::keep);
      rig.device->set_time();
      rig.device->sample(7);
      rig.tx().end(StopReason::local, "", 9, rig.clock.now());
      rig.settle();
      TEST_ASSERT_TRUE(rig.tx().begin("TAG", 9, rig.clock.now()));
      rig.tx().end(StopReason::local, "", 20, rig.clock.now());
      rig.settle();
      const std::string start = rig.storage.files.lower_bound("tx-")->first;
      if (is_missing) {
        rig.storage.files.erase(start);
      } else {
        rig.storage.files[start][20] ^= 1;
      }
      for (int boots = 0; boots < 2; ++boots) {
        rig.boot();
        rig.settle();
      }
      rig.device->set_time();
      rig.settle_and_send_all();
      TEST_ASSERT_EQUAL_size_t(5, rig.csms.messages.size());
      rig.csms.assert_in_order();
      TEST_ASSERT_EQUAL_UINT32(0, rig.tx().dropped());
      const Csms::Message& restored = rig.csms.messages.front();
      TEST_ASSERT_TRUE(restored.payload.find("\"idTag\":\"OLD\",\"meterStart\":5,") != std::string::npos);
      TEST_ASSERT_EQUAL_STRING("2023-11-14T22:13:21.000Z", restored.timestamp.c_str());
      TEST_ASSERT_EQUAL_size_t(0, rig.record_files());
    }
  }
}

/// The newest file of the queue: a start, if nothing followed it.
std::string& newest_file(Simple& rig) { return std::prev(rig.storage.files.lower_bound("tx."))->second; }

/// Two charges begin before the time is known. The older start is written again with its time, after the newer one.
void copy_stays_that_of_the_newest_start() {
  Simple rig;
  rig.tx().begin("OLD", 0, rig.clock.now());
  rig.tx().end(StopReason::local, "", 3, rig.clock.now());
  rig.settle();
  rig.tx().begin("TAG", 3, rig.clock.now());
  rig.settle();
  rig.device->set_time();
  int64_t transaction_id = 0;
  TEST_ASSERT_EQUAL_STRING_MESSAGE("", rig.device->send(rig.csms, transaction_id).c_str(), "its time is not stored");
  rig.settle();
  newest_file(rig)[20] ^= 1;
  rig.boot();
  rig.device->set_time();
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_size_t(4, rig.csms.messages.size());
  TEST_ASSERT_TRUE(rig.csms.messages[2].payload.find("\"idTag\":\"TAG\"") != std::string::npos);
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_UINT32(0, rig.tx().dropped());
}

/// The power fails between the file of a start and its copy: the copy is that of the charge before.
void start_is_not_sent_before_a_boot_has_written_its_copy() {
  Simple rig;
  rig.begin();
  rig.tx().end(StopReason::local, "", 3, rig.clock.now());
  rig.settle_and_send_all();
  rig.tx().begin("TAG", 3, rig.clock.now());
  rig.tx().poll(rig.clock.now());
  rig.storage.run_one();
  TEST_ASSERT_EQUAL_size_t(1, rig.record_files());
  rig.boot(Transactions::LeftOpen::keep);
  rig.device->set_time();
  Millis queued_at = 0;
  TEST_ASSERT_EQUAL(DurableCalls::Front::storing, rig.tx().outbox().front(rig.clock.now(), queued_at));
  rig.settle();
  TEST_ASSERT_EQUAL(DurableCalls::Front::ready, rig.tx().outbox().front(rig.clock.now(), queued_at));
  TEST_ASSERT_TRUE(rig.storage.files["start_copy"] == newest_file(rig));
}

/// The power fails between the file with the final time and its copy, which would resend the start with another time.
void copy_with_an_earlier_time_is_written_again_at_boot() {
  Simple rig;
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  rig.device->set_time();
  int64_t transaction_id = 0;
  rig.device->send(rig.csms, transaction_id);
  rig.tx().poll(rig.clock.now());
  rig.storage.run_one();
  TEST_ASSERT_FALSE(rig.storage.files["start_copy"] == newest_file(rig));
  rig.boot(Transactions::LeftOpen::keep);
  rig.settle();
  TEST_ASSERT_TRUE(rig.storage.files["start_copy"] == newest_file(rig));
}

void energy_register_survives_and_the_ledger_may_be_damaged() {
  Simple rig;
  rig.device->set_time();
  rig.settle();
  rig.tx().note_energy(99);
  rig.tx().poll(rig.clock.now());
  TEST_ASSERT_EQUAL_size_t_MESSAGE(0, rig.storage.waiting(), "not worth a write");
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
  TEST_ASSERT_TRUE(rig.tx().ledger_is_lost());
}

/// A missing ledger would have no place on a flash that is full later, and numbers would be reused.
void ledger_is_written_at_the_first_boot_and_after_damage() {
  Simple rig;
  rig.settle();
  TEST_ASSERT_EQUAL_size_t(1, rig.storage.files.count("ledger"));
  rig.storage.files["ledger"] = "00000000 {}";
  rig.boot();
  rig.settle();
  TEST_ASSERT_TRUE(rig.tx().ledger_is_lost());
  rig.boot();
  TEST_ASSERT_FALSE(rig.tx().ledger_is_lost());
}

/// The CSMS has answered every message, so that only the ledger knows the transaction.
void damaged_ledger_without_files_forgets_no_open_transaction() {
  for (const bool is_missing : {false, true}) {
    Simple rig;
    rig.device->set_time();
    rig.tx().begin("TAG", 100, rig.clock.now());
    rig.settle_and_send_all();
    rig.device->sample(700);
    rig.settle_and_send_all();
    TEST_ASSERT_EQUAL_size_t(0, rig.record_files());
    if (is_missing) {
      rig.storage.files.erase("ledger");
    } else {
      rig.storage.files["ledger"][20] ^= 4;
    }
    rig.boot(Transactions::LeftOpen::keep);
    TEST_ASSERT_TRUE(rig.tx().ledger_is_lost());
    rig.device->set_time();
    rig.settle_and_send_all();
    TEST_ASSERT_EQUAL_size_t(1, rig.csms.count("StopTransaction"));
    TEST_ASSERT_EQUAL_INT64(rig.csms.messages.front().transaction_id, rig.csms.messages.back().transaction_id);
    // The copy has the energy at the start, and may lack the rest.
    TEST_ASSERT_EQUAL_INT64(100, rig.csms.messages.back().energy);
  }
}

/// A stopped transaction is not stopped again by the copy.
void damaged_ledger_stops_no_transaction_twice() {
  Simple rig;
  rig.device->set_time();
  rig.tx().begin("TAG", 100, rig.clock.now());
  rig.settle_and_send_all();
  rig.tx().end(StopReason::local, "TAG", 300, rig.clock.now());
  rig.settle_and_send_all();
  rig.storage.files["ledger"][20] ^= 4;
  rig.boot();
  TEST_ASSERT_FALSE(rig.tx().open());
  rig.device->set_time();
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_size_t(1, rig.csms.count("StopTransaction"));
}

/// The ledger of an earlier time, as after a flash block that reverts, would end an ended transaction once more.
void ledger_behind_its_copy_is_not_used() {
  Simple rig;
  rig.begin();
  rig.settle_and_send_all();
  rig.settle();
  const std::string earlier = rig.storage.files["ledger"];
  rig.tx().end(StopReason::local, "", 20, rig.clock.now());
  rig.settle_and_send_all();
  rig.settle();
  rig.storage.files["ledger"] = earlier;
  rig.boot();
  TEST_ASSERT_TRUE(rig.tx().ledger_is_lost());
  TEST_ASSERT_EQUAL_UINT64(20, rig.tx().energy_wh());
  rig.device->set_time();
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_size_t(1, rig.csms.count("StopTransaction"));
}

/// A damaged copy is written again and changes nothing.
void damaged_copy_of_the_ledger_is_replaced() {
  Simple rig;
  rig.device->set_time();
  rig.tx().begin("TAG", 100, rig.clock.now());
  rig.settle_and_send_all();
  rig.storage.files["ledger_copy"][20] ^= 4;
  rig.boot(Transactions::LeftOpen::keep);
  TEST_ASSERT_FALSE(rig.tx().ledger_is_lost());
  TEST_ASSERT_TRUE(rig.tx().open());
  rig.settle();
  TEST_ASSERT_TRUE(rig.storage.files["ledger_copy"] == rig.storage.files["ledger"]);
}

/// The copy may lack energy, but not more than is documented.
void copy_of_the_ledger_has_the_register_up_to_1_kwh() {
  Simple rig;
  rig.device->set_time();
  for (uint64_t energy_wh = 0; energy_wh <= 5'900; energy_wh += 100) {
    rig.tx().note_energy(energy_wh);
    rig.settle();
  }
  rig.storage.files["ledger"][20] ^= 4;
  rig.boot();
  TEST_ASSERT_GREATER_THAN_UINT64(4'900, rig.tx().energy_wh());
}

/// A transaction that stays open over cuts has one StopTransaction at its end, and each of its samples once.
void kept_transaction_continues_over_cuts() {
  Simple rig;
  rig.device->set_time();
  rig.tx().begin("TAG", 100, rig.clock.now());
  rig.tx().set_parent_id_tag("FAMILY");
  rig.settle_and_send_all();
  for (unsigned cut = 1; cut <= 3; ++cut) {
    rig.device->sample(100 + 10 * cut);
    rig.settle_and_send_all();
    rig.clock.advance(60'000);
    rig.boot(Transactions::LeftOpen::keep);
    rig.device->set_time();
    TEST_ASSERT_TRUE(rig.tx().open());
    TEST_ASSERT_EQUAL_STRING("TAG", str(rig.tx().id_tag()).c_str());
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

void rejected_transaction_is_not_kept() {
  Simple rig;
  rig.begin();
  int64_t id = 0;
  std::string message = rig.device->send(rig.csms, id);
  rig.device->answer(message, id, "Blocked");
  TEST_ASSERT_TRUE(rig.tx().rejected());
  rig.settle();
  rig.boot(Transactions::LeftOpen::keep);
  rig.device->set_time();
  TEST_ASSERT_FALSE(rig.tx().open());
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_STRING("StopTransaction", rig.csms.messages.back().action.c_str());
}

/// The CSMS rejects the idTag in an answer that lacks the transactionId, so the start is still pending at the cut.
void transaction_rejected_without_an_id_is_not_kept() {
  Simple rig;
  rig.begin();
  int64_t none = 0;
  const std::string id = rig.device->send(rig.csms, none);
  JsonError error;
  rig.tx().outbox().on_result({id.data(), id.size()}, parse_json("{\"idTagInfo\":{\"status\":\"Invalid\"}}", error),
                              rig.clock.now());
  rig.settle();
  rig.boot(Transactions::LeftOpen::keep);
  TEST_ASSERT_FALSE(rig.tx().open());
}

/// The group comes from Authorize; its idTags can end the charge also after a cut before StartTransaction is answered.
void group_of_a_pending_start_survives_a_cut() {
  Simple rig;
  rig.begin();
  rig.tx().set_parent_id_tag("FAMILY");
  rig.tx().save_energy(1);
  rig.settle();
  rig.boot(Transactions::LeftOpen::keep);
  TEST_ASSERT_TRUE(rig.tx().parent_id_tag() == "FAMILY");
}

/// The transactionData of the last message to the CSMS.
JsonValue last_readings(const Simple& rig) {
  const std::string& stop = rig.csms.messages.back().payload;
  JsonError error;
  return parse_json({stop.data(), stop.size()}, error).find("transactionData");
}

constexpr Transactions::LeftOpen kEitherWay[] = {Transactions::LeftOpen::end, Transactions::LeftOpen::keep};

void transaction_with_a_dropped_stop_stays_closed() {
  for (Transactions::LeftOpen left_open : kEitherWay) {
    Simple rig;
    rig.device->set_time();
    rig.tx().set_retries({1, 1000});
    rig.tx().begin("TAG", 0, rig.clock.now());
    rig.settle_and_send_all();
    rig.tx().end(StopReason::local, "", 10, rig.clock.now());
    rig.settle();
    rig.device->reject(rig.csms);
    rig.settle();
    TEST_ASSERT_EQUAL_size_t(0, rig.record_files());
    rig.boot(left_open);
    rig.device->set_time();
    TEST_ASSERT_FALSE(rig.tx().open());
    rig.settle_and_send_all();
    TEST_ASSERT_EQUAL_size_t(1, rig.csms.count("StopTransaction"));
  }
}

/// A transaction without an id cannot be billed: the next boot neither reports nor continues it.
void transaction_with_a_dropped_start_stays_closed() {
  for (Transactions::LeftOpen left_open : kEitherWay) {
    Simple rig;
    rig.device->set_time();
    rig.tx().set_retries({1, 1000});
    rig.tx().begin("TAG", 0, rig.clock.now());
    rig.settle();
    rig.device->reject(rig.csms);
    rig.device->sample(5);
    rig.settle();
    rig.boot(left_open);
    rig.device->set_time();
    TEST_ASSERT_FALSE(rig.tx().open());
    rig.settle_and_send_all();
    rig.settle();
    TEST_ASSERT_EQUAL_size_t(1, rig.csms.messages.size());
    TEST_ASSERT_EQUAL_size_t(0, rig.record_files());
  }
}

/// A damaged file may have been the end: the transaction is ended again, with the known values, and never continues.
void transaction_with_a_damaged_stop_is_ended() {
  for (Transactions::LeftOpen left_open : kEitherWay) {
    Simple rig;
    rig.device->set_time();
    rig.tx().begin("TAG", 0, rig.clock.now());
    rig.settle_and_send_all();
    rig.device->sample(10);
    rig.settle_and_send_all();
    rig.tx().end(StopReason::local, "", 20, rig.clock.now());
    rig.settle();
    TEST_ASSERT_EQUAL_size_t(1, rig.record_files());
    rig.storage.files.rbegin()->second[12] ^= 1;
    rig.boot(left_open);
    rig.device->set_time();
    TEST_ASSERT_FALSE(rig.tx().open());
    TEST_ASSERT_TRUE(rig.device->uart.wrote("is dropped: its file is damaged"));
    rig.settle_and_send_all();
    TEST_ASSERT_EQUAL_size_t(1, rig.csms.count("StopTransaction"));
    rig.csms.assert_in_order();
    TEST_ASSERT_EQUAL_size_t(0, rig.record_files());
  }
}

/// Without the stop the CSMS would keep the transaction open, because the device only ends its last one.
void lost_stop_of_an_earlier_transaction_is_restored() {
  for (const bool is_started : {false, true}) {
    for (const bool is_damaged : {false, true}) {
      Simple rig;
      rig.begin();
      if (is_started) rig.device->exchange(rig.csms);
      rig.device->sample(10);
      rig.settle();
      rig.tx().end(StopReason::local, "", 20, rig.clock.now());
      rig.settle();
      const std::string stop = rig.storage.files.rbegin()->first;
      TEST_ASSERT_TRUE(rig.tx().begin("NEXT", 20, rig.clock.now()));
      rig.settle();
      rig.tx().end(StopReason::local, "", 30, rig.clock.now());
      rig.settle();
      rig.storage.files.erase(stop);
      if (is_damaged) rig.storage.files[stop] = "?";
      for (int boots = 0; boots < 2; ++boots) {
        rig.boot();
        rig.settle();
      }
      rig.device->set_time();
      rig.settle_and_send_all();
      TEST_ASSERT_EQUAL_size_t(2, rig.csms.count("StartTransaction"));
      TEST_ASSERT_EQUAL_size_t(2, rig.csms.count("StopTransaction"));
      const std::vector<Csms::Message>& messages = rig.csms.messages;
      TEST_ASSERT_EQUAL_STRING("StopTransaction", messages[2].action.c_str());
      TEST_ASSERT_EQUAL_INT64(20, messages[2].energy);
      TEST_ASSERT_EQUAL_INT64(messages[0].transaction_id, messages[2].transaction_id);
      TEST_ASSERT_EQUAL_size_t(0, rig.record_files());
    }
  }
}

constexpr Measurands kEnergyOnly{Measurand::energy_active_import_register};

void stop_has_its_readings_also_after_a_cut() {
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
    const JsonValue data = last_readings(rig);
    TEST_ASSERT_GREATER_OR_EQUAL_size_t(10, data.size());
    TEST_ASSERT_LESS_OR_EQUAL_size_t(MeterBatch::kMaxSamples, data.size());
    TEST_ASSERT_TRUE(data.at(0).path("sampledValue.0.context").equals("Transaction.Begin"));
    TEST_ASSERT_TRUE(data.at(data.size() - 1).path("sampledValue.0.context").equals("Transaction.End"));
    TEST_ASSERT_TRUE(data.at(data.size() - 1).path("sampledValue.0.value").equals("101"));
    for (const auto& file : rig.storage.files) TEST_ASSERT_TRUE_MESSAGE(is_lasting(file.first), file.first.c_str());
  }
}

/// The transaction began before the clock was set, or the clock was set by far: begin and end are sent.
void stop_has_the_readings_from_before_and_after_the_clock_was_set() {
  constexpr UnixMillis kLongAgo = 1'650'000'000'000;
  for (const UnixMillis before : {UnixMillis{0}, kLongAgo}) {
    for (bool cut : {false, true}) {
      Simple rig;
      if (before != 0) rig.device->time.set_from_csms(before);
      const Millis begun = rig.clock.now();
      rig.tx().begin("TAG", 0, begun);
      rig.tx().keep_for_stop({0, 0}, ReadingContext::transaction_begin, kEnergyOnly, begun);
      rig.settle();
      rig.clock.advance(60'000);
      rig.device->set_time();
      rig.tx().keep_for_stop({9, 0}, ReadingContext::transaction_end, kEnergyOnly, rig.clock.now());
      rig.tx().end(StopReason::local, "", 9, rig.clock.now());
      rig.settle();
      if (cut) rig.boot();
      rig.device->set_time();
      rig.settle_and_send_all();
      const JsonValue data = last_readings(rig);
      TEST_ASSERT_EQUAL_size_t(2, data.size());
      TEST_ASSERT_TRUE(data.at(1).path("sampledValue.0.context").equals("Transaction.End"));
      TEST_ASSERT_TRUE(
          data.at(0).path("timestamp").equals(format_timestamp(kNoon + static_cast<UnixMillis>(begun)).text()));
    }
  }
}

/// The transaction lasts months: milliseconds since its begin need more than 31 bits.
void stop_has_the_readings_of_a_transaction_of_months() {
  constexpr Millis kDay = 86'400'000;
  for (bool cut : {false, true}) {
    Simple rig;
    rig.device->set_time();
    const UnixMillis noon = kNoon;
    rig.tx().begin("TAG", 0, rig.clock.now());
    rig.tx().keep_for_stop({0, 0}, ReadingContext::transaction_begin, kEnergyOnly, rig.clock.now());
    for (unsigned i = 1; i <= 100; ++i) {
      rig.clock.advance(kDay + 7);
      rig.tx().keep_for_stop({i, 0}, ReadingContext::sample_periodic, kEnergyOnly, rig.clock.now());
      rig.settle();
    }
    const UnixMillis ended = noon + static_cast<UnixMillis>(rig.clock.now());
    rig.tx().keep_for_stop({100, 0}, ReadingContext::transaction_end, kEnergyOnly, rig.clock.now());
    rig.tx().end(StopReason::local, "", 100, rig.clock.now());
    rig.settle();
    if (cut) rig.boot();
    rig.device->set_time();
    rig.settle_and_send_all();
    const JsonValue data = last_readings(rig);
    TEST_ASSERT_GREATER_OR_EQUAL_size_t(10, data.size());
    TEST_ASSERT_TRUE(data.at(0).path("sampledValue.0.context").equals("Transaction.Begin"));
    TEST_ASSERT_TRUE(data.at(data.size() - 1).path("sampledValue.0.context").equals("Transaction.End"));
    TEST_ASSERT_TRUE(data.at(data.size() - 1).path("timestamp").equals(format_timestamp(ended).text()));
  }
}

}  // namespace

void run_after_a_boot_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(damaged_files_are_dropped_and_others_are_sent);
  RUN_TEST(stop_has_the_readings_from_before_and_after_the_clock_was_set);
  RUN_TEST(stop_has_the_readings_of_a_transaction_of_months);
  RUN_TEST(damaged_start_is_resent_from_its_copy);
  RUN_TEST(start_damaged_since_the_boot_is_sent_from_its_copy);
  RUN_TEST(damaged_start_of_an_earlier_charge_is_restored_from_its_stop);
  RUN_TEST(copy_stays_that_of_the_newest_start);
  RUN_TEST(start_is_not_sent_before_a_boot_has_written_its_copy);
  RUN_TEST(copy_with_an_earlier_time_is_written_again_at_boot);
  RUN_TEST(energy_register_survives_and_the_ledger_may_be_damaged);
  RUN_TEST(ledger_is_written_at_the_first_boot_and_after_damage);
  RUN_TEST(damaged_ledger_without_files_forgets_no_open_transaction);
  RUN_TEST(damaged_ledger_stops_no_transaction_twice);
  RUN_TEST(damaged_copy_of_the_ledger_is_replaced);
  RUN_TEST(copy_of_the_ledger_has_the_register_up_to_1_kwh);
  RUN_TEST(kept_transaction_continues_over_cuts);
  RUN_TEST(rejected_transaction_is_not_kept);
  RUN_TEST(transaction_rejected_without_an_id_is_not_kept);
  RUN_TEST(group_of_a_pending_start_survives_a_cut);
  RUN_TEST(transaction_with_a_dropped_stop_stays_closed);
  RUN_TEST(transaction_with_a_dropped_start_stays_closed);
  RUN_TEST(transaction_with_a_damaged_stop_is_ended);
  RUN_TEST(lost_stop_of_an_earlier_transaction_is_restored);
  RUN_TEST(ledger_behind_its_copy_is_not_used);
  RUN_TEST(stop_has_its_readings_also_after_a_cut);
}
