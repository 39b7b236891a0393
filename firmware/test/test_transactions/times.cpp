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

}  // namespace

void run_times_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(times_from_before_the_clock_was_set_are_put_right);
  RUN_TEST(times_of_a_boot_that_never_knew_are_not_in_1970);
  RUN_TEST(guessed_times_keep_their_order);
  RUN_TEST(nothing_is_sent_before_the_time_is_known);
  RUN_TEST(message_sent_again_after_a_cut_tells_the_same_time);
}
