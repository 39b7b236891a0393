#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

void times_before_the_clock_was_set_are_corrected() {
  Simple rig;
  rig.clock.advance(5'000);
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.clock.advance(10'000);
  rig.tx().end(StopReason::local, "", 5, rig.clock.now());
  rig.clock.advance(5'000);
  rig.device->set_time();  // 21 s after the clock's zero is noon plus 21 s
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_STRING("2023-11-14T22:13:26.000Z", rig.csms.messages[0].timestamp.c_str());
  TEST_ASSERT_EQUAL_STRING("2023-11-14T22:13:36.000Z", rig.csms.messages[1].timestamp.c_str());
}

void times_of_a_boot_without_time_are_not_in_1970() {
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
  // The time of the start is unknown: it was before this boot, which is an hour later.
  rig.device->time.set_from_csms(kNoon + 3'600'000);
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_size_t(3, rig.csms.messages.size());
  rig.csms.assert_in_order();
}

/// Three charges of a boot with a stale clock. The first one is sent with the right time, and then the power fails: the
/// times of the others can no longer be corrected.
void charge_with_a_guessed_time_follows_the_one_before_it() {
  Simple rig;
  rig.device->time.advance_to(kNoon - 3'600'000);
  for (unsigned charge = 0; charge < 3; ++charge) {
    rig.tx().begin("TAG", 10 * charge, rig.clock.now());
    rig.clock.advance(1'000);
    rig.tx().end(StopReason::local, "", 10 * charge + 10, rig.clock.now());
    rig.settle();
  }
  rig.device->set_time();
  for (int i = 0; i < 2; ++i) {
    rig.settle();
    TEST_ASSERT_TRUE(rig.device->exchange(rig.csms));
  }
  rig.settle();
  rig.boot();
  rig.device->set_time();
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_size_t(6, rig.csms.messages.size());
  for (size_t i = 1; i < rig.csms.messages.size(); ++i) {
    TEST_ASSERT_TRUE_MESSAGE(rig.csms.messages[i - 1].timestamp <= rig.csms.messages[i].timestamp,
                             rig.csms.messages[i].timestamp.c_str());
  }
}

/// The stored time is up to an hour old: a charge after the restart is later than those before it.
void charge_after_a_restart_begins_after_the_one_before_it() {
  Simple rig;
  rig.begin();
  rig.clock.advance(3'000'000);
  rig.tx().end(StopReason::local, "", 10, rig.clock.now());
  rig.settle_and_send_all();
  rig.boot();
  rig.device->time.advance_to(rig.tx().last_time());
  rig.tx().begin("TAG", 10, rig.clock.now());
  rig.clock.advance(60'000);
  rig.tx().end(StopReason::local, "", 20, rig.clock.now());
  rig.settle_and_send_all();
  TEST_ASSERT_TRUE(rig.csms.messages[1].timestamp <= rig.csms.messages[2].timestamp);
  TEST_ASSERT_TRUE_MESSAGE(rig.csms.messages[2].timestamp < rig.csms.messages[3].timestamp, "it has a duration");
}

void nothing_is_sent_before_the_time_is_known() {
  Simple rig;
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  Millis queued_at = 0;
  TEST_ASSERT_EQUAL(DurableCalls::Front::none, rig.tx().outbox().front(rig.clock.now(), queued_at));
  rig.device->set_time();
  rig.settle();  // with its final time
  TEST_ASSERT_EQUAL(DurableCalls::Front::ready, rig.tx().outbox().front(rig.clock.now(), queued_at));
}

void message_resent_after_a_cut_has_the_same_time() {
  Simple rig;
  const Timestamp known = format_timestamp(kNoon);
  rig.storage.files[str(TimeSync::kFile)].assign(known.text().data, known.text().data + known.text().length);
  rig.boot();
  rig.device->time.restore();
  TEST_ASSERT_EQUAL(TimeQuality::last_known, rig.device->time.quality());
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  int64_t transaction_id = 0;
  TEST_ASSERT_FALSE(rig.device->send(rig.csms, transaction_id).empty());
  const std::string first = rig.csms.messages.back().timestamp;
  rig.boot();  // before the answer
  rig.csms.seen.clear();
  rig.device->time.set_from_csms(kNoon + 3'600'000);
  TEST_ASSERT_FALSE(rig.device->send(rig.csms, transaction_id).empty());
  TEST_ASSERT_EQUAL_STRING(first.c_str(), rig.csms.messages.back().timestamp.c_str());
}

constexpr UnixMillis kTwoDays = 2 * 86'400'000;
constexpr UnixMillis kTwoHours = 2 * 3'600'000;

/// Boots with a stored time that is two days old.
void boot_with_a_stale_clock(Simple& rig) {
  const Timestamp known = format_timestamp(kNoon);
  rig.storage.files[str(TimeSync::kFile)].assign(known.text().data, known.text().data + known.text().length);
  rig.boot();
  rig.device->time.restore();
  TEST_ASSERT_EQUAL(TimeQuality::last_known, rig.device->time.quality());
}

/// Ten minutes more than the monotonic clock: the duration of the power failure.
constexpr Millis kOutage = 600'000;

void set_csms_time(Simple& rig, Millis outage = 0) {
  rig.device->time.set_from_csms(kNoon + kTwoDays + static_cast<UnixMillis>(rig.clock.now() + outage));
}

bool outage_after_a_cut(Simple& rig, Millis& outage) {
  rig.boot(Transactions::LeftOpen::keep);
  TEST_ASSERT_TRUE(rig.tx().open());
  set_csms_time(rig, kOutage);
  return rig.tx().outage_duration(outage);
}

/// By a stale clock the outage would seem to last two days, whether it follows from start, sample or ledger.
void outage_duration_is_unknown_with_a_stale_clock() {
  enum { by_start, by_sample, by_ledger };
  for (int by : {by_start, by_sample, by_ledger}) {
    Simple rig;
    boot_with_a_stale_clock(rig);
    rig.tx().begin("TAG", 0, rig.clock.now());
    if (by == by_sample) rig.device->sample(5);
    if (by == by_ledger) rig.settle_and_send_all();
    rig.settle();
    TEST_ASSERT_EQUAL_size_t(by == by_ledger ? 0 : by == by_sample ? 2 : 1, rig.record_files());
    Millis outage = 0;
    TEST_ASSERT_FALSE(outage_after_a_cut(rig, outage));
  }
}

void outage_duration_follows_from_the_time_of_the_csms() {
  enum { before_the_sample, after_it };
  for (int announced : {before_the_sample, after_it}) {
    Simple rig;
    boot_with_a_stale_clock(rig);
    rig.tx().begin("TAG", 0, rig.clock.now());
    rig.settle_and_send_all();
    if (announced == before_the_sample) set_csms_time(rig);
    const Millis sampled = rig.clock.now();
    rig.device->sample(5);
    rig.settle_and_send_all();
    rig.clock.advance(7'000);
    if (announced == after_it) set_csms_time(rig);
    rig.settle();
    Millis outage = 0;
    TEST_ASSERT_TRUE(outage_after_a_cut(rig, outage));
    TEST_ASSERT_EQUAL_UINT64(kOutage - sampled, outage);  // up to the start of this boot
  }
}

/// Returns the message at the front as it is sent, without an answer.
std::string sent(Simple& rig) {
  rig.settle();
  int64_t transaction_id = 0;
  rig.csms.seen.clear();
  const std::string id = rig.device->send(rig.csms, transaction_id);
  TEST_ASSERT_FALSE_MESSAGE(id.empty(), "nothing is ready to be sent");
  return id + " " + rig.csms.messages.back().payload;
}

/// A sent message is the same on the next connection or after a power cut, with any later time of the clock.
void assert_resent_unchanged(Simple& rig) {
  const std::string first = sent(rig);
  for (const UnixMillis set_by : {-kTwoHours, kTwoDays}) {
    rig.tx().outbox().on_disconnected(false, rig.clock.now());
    rig.device->time.set_from_csms(kNoon + set_by);
    rig.tx().set_nominal_voltage(120);
    TEST_ASSERT_EQUAL_STRING(first.c_str(), sent(rig).c_str());
  }
  rig.boot();
  rig.device->time.set_from_csms(kNoon - kTwoHours);
  rig.tx().set_nominal_voltage(120);
  TEST_ASSERT_EQUAL_STRING(first.c_str(), sent(rig).c_str());
}

/// Makes a whole charge with a stale clock, or without a clock. Then the CSMS sends the time.
void charge_before_the_time_is_known(Simple& rig, bool has_stale_clock) {
  if (has_stale_clock) boot_with_a_stale_clock(rig);
  rig.tx().set_nominal_voltage(230);
  const Measurands measurands = {Measurand::energy_active_import_register, Measurand::current_import};
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.tx().keep_for_stop({0, 0}, ReadingContext::transaction_begin, measurands, rig.clock.now());
  rig.clock.advance(1'000);
  rig.tx().sample({5, 2'300}, ReadingContext::sample_periodic, measurands, rig.clock.now());
  rig.clock.advance(1'000);
  rig.tx().keep_for_stop({9, 2'300}, ReadingContext::transaction_end, measurands, rig.clock.now());
  rig.tx().end(StopReason::local, "TAG", 9, rig.clock.now());
  rig.settle();
}

/// Start, sample and stop of a charge, each sent first in the boot that made it, or in the next one.
void sent_message_is_resent_unchanged() {
  for (const bool has_stale_clock : {false, true}) {
    for (const bool in_the_next_boot : {false, true}) {
      for (int answered = 0; answered < 3; ++answered) {
        Simple rig;
        charge_before_the_time_is_known(rig, has_stale_clock);
        if (in_the_next_boot) rig.boot();
        set_csms_time(rig);
        for (int i = 0; i < answered; ++i) {
          rig.settle();
          TEST_ASSERT_TRUE(rig.device->exchange(rig.csms));
        }
        assert_resent_unchanged(rig);
      }
    }
  }
}

void growing_batch_is_resent_unchanged() {
  Simple rig;
  boot_with_a_stale_clock(rig);
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle_and_send_all();
  rig.device->sample(1);
  rig.settle();
  rig.clock.advance(1'000);
  set_csms_time(rig);
  const std::string first = sent(rig);
  rig.device->sample(2);
  rig.boot();
  set_csms_time(rig, kOutage);
  TEST_ASSERT_EQUAL_STRING(first.c_str(), sent(rig).c_str());
}

/// While it is rewritten with its final time a start counts as stored, also if the flash rejects that write.
void start_with_a_final_time_stays_stored() {
  Simple rig;
  rig.tx().begin("TAG", 0, rig.clock.now());
  TEST_ASSERT_FALSE(rig.tx().start_is_stored());
  rig.settle();
  TEST_ASSERT_TRUE(rig.tx().start_is_stored());
  rig.device->set_time();
  rig.tx().poll(rig.clock.now());
  TEST_ASSERT_TRUE_MESSAGE(rig.tx().start_is_stored(), "while it is written");
  rig.storage.result = StorageResult::failed;
  rig.settle();
  TEST_ASSERT_TRUE(rig.tx().start_is_stored());
  TEST_ASSERT_FALSE(rig.tx().start_is_rejected_by_flash());
}

/// The CSMS' clock is set back in a charge: no message of the charge has an earlier time than one already sent.
void clock_set_back_keeps_times_in_order_over_a_cut() {
  enum { after_the_start, after_a_sample, in_the_next_boot };
  for (int set_back : {after_the_start, after_a_sample, in_the_next_boot}) {
    Simple rig;
    rig.device->time.set_from_csms(kNoon + kTwoHours);
    rig.tx().begin("TAG", 0, rig.clock.now());
    rig.settle_and_send_all();
    if (set_back == after_the_start) rig.device->set_time();
    rig.clock.advance(60'000);
    rig.device->sample(5);
    rig.settle_and_send_all();
    if (set_back == after_a_sample) rig.device->set_time();
    rig.clock.advance(60'000);
    rig.device->sample(6);
    rig.settle_and_send_all();
    const bool kept = set_back == in_the_next_boot;
    rig.boot(kept ? Transactions::LeftOpen::keep : Transactions::LeftOpen::end);
    rig.device->set_time();
    if (kept) rig.tx().end(StopReason::local, "", 7, rig.clock.now());
    rig.settle_and_send_all();
    TEST_ASSERT_EQUAL_size_t(4, rig.csms.messages.size());
    rig.csms.assert_in_order();
  }
}

/// A cut between two writes of the ledger: messages answered since are resent unchanged, although more were sent since.
void messages_are_resent_unchanged_after_a_cut_behind_the_ledger() {
  Simple rig;
  rig.device->time.set_from_csms(kNoon + kTwoHours);
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle_and_send_all();
  rig.device->sample(1);
  rig.device->set_time();  // set back
  rig.clock.advance(1'000);
  rig.device->sample(2);
  rig.settle();
  std::string messages[2];
  for (std::string& one : messages) {
    int64_t transaction_id = 0;
    const std::string id = rig.device->send(rig.csms, transaction_id);
    one = id + " " + rig.csms.messages.back().payload;
    rig.device->answer(id, 0);
  }
  rig.boot(Transactions::LeftOpen::keep);
  rig.device->set_time();
  for (const std::string& one : messages) {
    TEST_ASSERT_EQUAL_STRING(one.c_str(), sent(rig).c_str());
    rig.device->answer(one.substr(0, one.find(' ')), 0);
  }
}

constexpr UnixMillis kHour = 3'600'000;

void set_server_time(Simple& rig, UnixMillis ahead = 0) {
  rig.device->time.set_from_server(kNoon + ahead + static_cast<UnixMillis>(rig.clock.now()), rig.clock.now());
}

/// The CSMS is away for longer than the boot: the start and the sample of before the answer have their times, too.
void charge_of_a_boot_with_a_time_server_is_dated_in_the_next_boot() {
  Simple rig;
  rig.clock.set(10'000);
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.clock.advance(10'000);
  rig.device->sample(3);
  rig.settle();
  rig.clock.advance(10'000);
  set_server_time(rig);
  rig.settle();
  rig.tx().end(StopReason::local, "TAG", 5, rig.clock.now());
  rig.settle();
  rig.boot();
  rig.device->time.set_from_csms(kNoon + kTwoDays);
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_size_t(3, rig.csms.messages.size());
  TEST_ASSERT_EQUAL_STRING("2023-11-14T22:13:30.000Z", rig.csms.messages[0].timestamp.c_str());
  TEST_ASSERT_EQUAL_STRING("2023-11-14T22:13:40.000Z", rig.csms.messages[1].timestamp.c_str());
  TEST_ASSERT_EQUAL_STRING("2023-11-14T22:13:50.000Z", rig.csms.messages[2].timestamp.c_str());
}

void time_of_the_csms_corrects_that_of_the_server() {
  Simple rig;
  rig.clock.set(10'000);
  set_server_time(rig, kHour);
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  rig.device->set_time();
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_STRING("2023-11-14T22:13:30.000Z", rig.csms.messages[0].timestamp.c_str());
}

/// The start was sent, or stored by an earlier boot, with a time of the server that is ahead of the CSMS.
void server_ahead_of_the_csms_dates_no_stop_before_its_start() {
  enum { sent, stored };
  for (const int start : {sent, stored}) {
    Simple rig;
    set_server_time(rig, kHour);
    rig.tx().begin("TAG", 0, rig.clock.now());
    if (start == sent) rig.settle_and_send_all();
    rig.settle();
    if (start == stored) rig.boot(Transactions::LeftOpen::keep);
    rig.device->set_time();
    rig.clock.advance(60'000);
    rig.device->sample(5);
    rig.tx().end(StopReason::local, "TAG", 7, rig.clock.now());
    rig.settle_and_send_all();
    TEST_ASSERT_EQUAL_size_t(3, rig.csms.messages.size());
    rig.csms.assert_in_order();
  }
}

void outage_duration_is_unknown_with_a_time_server() {
  Simple rig;
  set_server_time(rig, -kHour);
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  Millis outage = 0;
  TEST_ASSERT_FALSE(outage_after_a_cut(rig, outage));
}

void answered_batch_is_not_resent_after_a_cut_before_its_removal() {
  Simple rig;
  rig.device->set_time();
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle_and_send_all();
  rig.device->sample(1);
  rig.tx().set_nominal_voltage(120);  // begins another batch
  for (const uint64_t energy_wh : {uint64_t{2}, uint64_t{3}}) {
    rig.clock.advance(1'000);
    rig.device->sample(energy_wh);
  }
  rig.settle();
  TEST_ASSERT_EQUAL_size_t(2, rig.record_files());
  for (int answered = 0; answered < 2; ++answered) TEST_ASSERT_TRUE(rig.device->exchange(rig.csms));
  rig.tx().poll(rig.clock.now());
  TEST_ASSERT_TRUE(rig.storage.run_one());  // the ledger is written
  TEST_ASSERT_EQUAL_size_t(2, rig.record_files());
  rig.boot(Transactions::LeftOpen::keep);
  rig.device->set_time();
  sent(rig);
  TEST_ASSERT_EQUAL_INT64(3, rig.csms.messages.back().energy);
}

}  // namespace

void run_times_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(times_before_the_clock_was_set_are_corrected);
  RUN_TEST(times_of_a_boot_without_time_are_not_in_1970);
  RUN_TEST(guessed_times_keep_their_order);
  RUN_TEST(charge_with_a_guessed_time_follows_the_one_before_it);
  RUN_TEST(charge_after_a_restart_begins_after_the_one_before_it);
  RUN_TEST(nothing_is_sent_before_the_time_is_known);
  RUN_TEST(message_resent_after_a_cut_has_the_same_time);
  RUN_TEST(outage_duration_is_unknown_with_a_stale_clock);
  RUN_TEST(outage_duration_follows_from_the_time_of_the_csms);
  RUN_TEST(sent_message_is_resent_unchanged);
  RUN_TEST(growing_batch_is_resent_unchanged);
  RUN_TEST(start_with_a_final_time_stays_stored);
  RUN_TEST(clock_set_back_keeps_times_in_order_over_a_cut);
  RUN_TEST(messages_are_resent_unchanged_after_a_cut_behind_the_ledger);
  RUN_TEST(charge_of_a_boot_with_a_time_server_is_dated_in_the_next_boot);
  RUN_TEST(time_of_the_csms_corrects_that_of_the_server);
  RUN_TEST(server_ahead_of_the_csms_dates_no_stop_before_its_start);
  RUN_TEST(outage_duration_is_unknown_with_a_time_server);
  RUN_TEST(answered_batch_is_not_resent_after_a_cut_before_its_removal);
}
