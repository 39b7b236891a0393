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
  return rig.tx().time_away(away);
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
}
