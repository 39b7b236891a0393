#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

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

void nothing_is_sent_before_the_time_is_known() {
  Simple rig;
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  Millis queued_at = 0;
  TEST_ASSERT_EQUAL(DurableCalls::Front::none, rig.tx().outbox().front(rig.clock.now(), queued_at));
  rig.device->set_time();
  rig.settle();  // with its time
  TEST_ASSERT_EQUAL(DurableCalls::Front::ready, rig.tx().outbox().front(rig.clock.now(), queued_at));
}

void message_sent_again_after_a_cut_tells_the_same_time() {
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
  rig.boot();  // before the answer came
  rig.csms.seen.clear();
  rig.device->time.set_from_csms(kNoon + 3'600'000);
  TEST_ASSERT_FALSE(rig.device->send(rig.csms, transaction_id).empty());
  TEST_ASSERT_EQUAL_STRING(first.c_str(), rig.csms.messages.back().timestamp.c_str());
}

constexpr UnixMillis kTwoDays = 2 * 86'400'000;
constexpr UnixMillis kTwoHours = 2 * 3'600'000;

/// Boots with the time as it was stored before, two days ago.
void boot_with_a_stale_clock(Simple& rig) {
  const Timestamp known = format_timestamp(kNoon);
  rig.storage.files[str(TimeSync::kFile)].assign(known.text().data, known.text().data + known.text().length);
  rig.boot();
  rig.device->time.restore();
  TEST_ASSERT_EQUAL(TimeQuality::last_known, rig.device->time.quality());
}

/// Ten minutes more than the monotonic clock: the time that passed while it did not run.
constexpr Millis kAway = 600'000;

void tell_time(Simple& rig, Millis away = 0) {
  rig.device->time.set_from_csms(kNoon + kTwoDays + static_cast<UnixMillis>(rig.clock.now() + away));
}

bool time_away_after_a_cut(Simple& rig, Millis& away) {
  rig.boot(Transactions::LeftOpen::keep);
  TEST_ASSERT_TRUE(rig.tx().open());
  tell_time(rig, kAway);
  return rig.tx().outage_duration(away);
}

/// By a stale clock the power seems to have been gone for two days, whether start, sample or ledger tells.
void stale_clock_does_not_tell_how_long_the_power_was_gone() {
  enum { by_start, by_sample, by_ledger };
  for (int by : {by_start, by_sample, by_ledger}) {
    Simple rig;
    boot_with_a_stale_clock(rig);
    rig.tx().begin("TAG", 0, rig.clock.now());
    if (by == by_sample) rig.device->sample(5);
    if (by == by_ledger) rig.settle_and_send_all();
    rig.settle();
    TEST_ASSERT_EQUAL_size_t(by == by_ledger ? 0 : by == by_sample ? 2 : 1, rig.record_files());
    Millis away = 0;
    TEST_ASSERT_FALSE(time_away_after_a_cut(rig, away));
  }
}

void time_of_the_csms_tells_how_long_the_power_was_gone() {
  enum { before_the_sample, after_it };
  for (int told : {before_the_sample, after_it}) {
    Simple rig;
    boot_with_a_stale_clock(rig);
    rig.tx().begin("TAG", 0, rig.clock.now());
    rig.settle_and_send_all();
    if (told == before_the_sample) tell_time(rig);
    const Millis sampled = rig.clock.now();
    rig.device->sample(5);
    rig.settle_and_send_all();
    rig.clock.advance(7'000);
    if (told == after_it) tell_time(rig);
    rig.settle();
    Millis away = 0;
    TEST_ASSERT_TRUE(time_away_after_a_cut(rig, away));
    TEST_ASSERT_EQUAL_UINT64(kAway - sampled, away);  // up to this boot's zero
  }
}

/// The message at the front as it is sent, without an answer.
std::string sent(Simple& rig) {
  rig.settle();
  int64_t transaction_id = 0;
  rig.csms.seen.clear();
  const std::string id = rig.device->send(rig.csms, transaction_id);
  TEST_ASSERT_FALSE_MESSAGE(id.empty(), "nothing is ready to be sent");
  return id + " " + rig.csms.messages.back().payload;
}

/// Whatever the clock is set to after a message was sent, on the next connection or after a cut it is the same message.
void assert_sent_again_as_it_was(Simple& rig) {
  const std::string first = sent(rig);
  for (const UnixMillis set_by : {-kTwoHours, kTwoDays}) {
    rig.tx().outbox().on_disconnected(rig.clock.now());
    rig.device->time.set_from_csms(kNoon + set_by);
    rig.tx().set_nominal_voltage(120);
    TEST_ASSERT_EQUAL_STRING(first.c_str(), sent(rig).c_str());
  }
  rig.boot();
  rig.device->time.set_from_csms(kNoon - kTwoHours);
  rig.tx().set_nominal_voltage(120);
  TEST_ASSERT_EQUAL_STRING(first.c_str(), sent(rig).c_str());
}

/// A boot by a stale clock, or by none, in which a whole charge is made; then the CSMS tells the time.
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

/// Start, sample and stop of a charge, each the first to be sent in the boot that made it, or in the one after it.
void message_that_was_sent_is_sent_again_as_it_was() {
  for (const bool has_stale_clock : {false, true}) {
    for (const bool in_the_next_boot : {false, true}) {
      for (int answered = 0; answered < 3; ++answered) {
        Simple rig;
        charge_before_the_time_is_known(rig, has_stale_clock);
        if (in_the_next_boot) rig.boot();
        tell_time(rig);
        for (int i = 0; i < answered; ++i) {
          rig.settle();
          TEST_ASSERT_TRUE(rig.device->exchange(rig.csms));
        }
        assert_sent_again_as_it_was(rig);
      }
    }
  }
}

void batch_that_grows_is_sent_again_as_it_was() {
  Simple rig;
  boot_with_a_stale_clock(rig);
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle_and_send_all();
  rig.device->sample(1);
  rig.settle();
  rig.clock.advance(1'000);
  tell_time(rig);
  const std::string first = sent(rig);
  rig.device->sample(2);
  rig.boot();
  tell_time(rig, kAway);
  TEST_ASSERT_EQUAL_STRING(first.c_str(), sent(rig).c_str());
}

/// Written again with its final time, a start is on flash all the while, also where the flash refuses that write.
void start_whose_time_becomes_final_stays_stored() {
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
  TEST_ASSERT_FALSE(rig.tx().start_is_refused_by_flash());
}

/// The CSMS' clock is set back in a charge: nothing of the charge is told with a time before what it was told already.
void clock_that_is_set_back_makes_no_time_go_back_over_a_cut() {
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

/// A cut between two writes of the ledger: what was answered since is told again as it was, though by then more was.
void cut_behind_the_ledger_tells_the_same_again() {
  Simple rig;
  rig.device->time.set_from_csms(kNoon + kTwoHours);
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle_and_send_all();
  rig.device->sample(1);
  rig.device->set_time();  // back
  rig.clock.advance(1'000);
  rig.device->sample(2);
  rig.settle();
  std::string told[2];
  for (std::string& one : told) {
    int64_t transaction_id = 0;
    const std::string id = rig.device->send(rig.csms, transaction_id);
    one = id + " " + rig.csms.messages.back().payload;
    rig.device->answer(id, 0);
  }
  rig.boot(Transactions::LeftOpen::keep);
  rig.device->set_time();
  for (const std::string& one : told) {
    TEST_ASSERT_EQUAL_STRING(one.c_str(), sent(rig).c_str());
    rig.device->answer(one.substr(0, one.find(' ')), 0);
  }
}

void cut_before_the_file_of_an_answered_batch_is_removed_sends_none_of_it_again() {
  Simple rig;
  rig.device->set_time();
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle_and_send_all();
  rig.device->sample(1);
  rig.tx().set_nominal_voltage(120);  // with it another batch begins
  for (const uint64_t energy_wh : {uint64_t{2}, uint64_t{3}}) {
    rig.clock.advance(1'000);
    rig.device->sample(energy_wh);
  }
  rig.settle();
  TEST_ASSERT_EQUAL_size_t(2, rig.record_files());
  for (int answered = 0; answered < 2; ++answered) TEST_ASSERT_TRUE(rig.device->exchange(rig.csms));
  rig.tx().poll(rig.clock.now());
  TEST_ASSERT_TRUE(rig.storage.run_one());  // the ledger
  TEST_ASSERT_EQUAL_size_t(2, rig.record_files());
  rig.boot(Transactions::LeftOpen::keep);
  rig.device->set_time();
  sent(rig);
  TEST_ASSERT_EQUAL_INT64(3, rig.csms.messages.back().energy);
}

}  // namespace

void run_times_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(times_from_before_the_clock_was_set_are_put_right);
  RUN_TEST(times_of_a_boot_that_never_knew_are_not_in_1970);
  RUN_TEST(guessed_times_keep_their_order);
  RUN_TEST(nothing_is_sent_before_the_time_is_known);
  RUN_TEST(message_sent_again_after_a_cut_tells_the_same_time);
  RUN_TEST(stale_clock_does_not_tell_how_long_the_power_was_gone);
  RUN_TEST(time_of_the_csms_tells_how_long_the_power_was_gone);
  RUN_TEST(message_that_was_sent_is_sent_again_as_it_was);
  RUN_TEST(batch_that_grows_is_sent_again_as_it_was);
  RUN_TEST(start_whose_time_becomes_final_stays_stored);
  RUN_TEST(clock_that_is_set_back_makes_no_time_go_back_over_a_cut);
  RUN_TEST(cut_behind_the_ledger_tells_the_same_again);
  RUN_TEST(cut_before_the_file_of_an_answered_batch_is_removed_sends_none_of_it_again);
}
