#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

/// Charges offline with `samples` samples, one per minute, ends the charge, and sends all messages.
void charge_offline(Simple& rig, unsigned samples) {
  rig.device->set_time();
  TEST_ASSERT_TRUE(rig.tx().begin("TAG", 0, rig.clock.now()));
  for (unsigned i = 1; i <= samples; ++i) {
    rig.clock.advance(60'000);
    rig.device->sample(i);
    rig.settle();
    TEST_ASSERT_LESS_OR_EQUAL_size_t(MessageQueue::kMaxFiles, rig.record_files());
  }
  rig.tx().end(StopReason::local, "", samples, rig.clock.now());
}

void no_sample_of_an_offline_charge_is_lost_up_to_the_limit() {
  static_assert(MessageQueue::kMaxSamples >= 1'000, "a day at a sample a minute, and more");
  Simple rig;
  charge_offline(rig, MessageQueue::kMaxSamples);
  rig.boot();  // from flash
  rig.device->set_time();
  rig.settle_and_send_all();
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_size_t(MessageQueue::kMaxSamples, rig.csms.count("MeterValues"));
  TEST_ASSERT_EQUAL_UINT32(0, rig.tx().dropped());
  int64_t before = 0;
  for (const Csms::Message& message : rig.csms.messages) {
    if (message.action != "MeterValues") continue;
    TEST_ASSERT_EQUAL_INT64_MESSAGE(before + 1, message.energy, "a sample is missing or sent twice");
    before = message.energy;
  }
}

void full_queue_thins_meter_values_evenly_and_keeps_start_and_stop() {
  constexpr unsigned kSamples = 3 * MessageQueue::kMaxSamples;
  Simple rig;
  charge_offline(rig, kSamples);
  rig.settle_and_send_all();
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_size_t(1, rig.csms.count("StartTransaction"));
  TEST_ASSERT_EQUAL_size_t(1, rig.csms.count("StopTransaction"));
  TEST_ASSERT_EQUAL_UINT32(kSamples - rig.csms.count("MeterValues"), rig.tx().dropped());
  TEST_ASSERT_GREATER_OR_EQUAL_size_t(MessageQueue::kMaxSamples / 2, rig.csms.count("MeterValues"));
  int64_t before = 0;
  int64_t widest = 0;
  for (const Csms::Message& message : rig.csms.messages) {
    if (message.energy - before > widest) widest = message.energy - before;
    before = message.energy;
  }
  // Evenly means a gap of 3; each thinning doubles it.
  TEST_ASSERT_LESS_OR_EQUAL_INT64(8, widest);
}

/// A power cut between the two writes of a thinning does not repeat a sample.
void cut_during_thinning_repeats_no_sample() {
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
      TEST_ASSERT_GREATER_THAN_INT64_MESSAGE(before, message.energy, "a sample is sent twice");
      TEST_ASSERT_LESS_OR_EQUAL_INT64(before + 2, message.energy);
      before = message.energy;
    }
  }
}

void offline_transactions_are_rejected_before_one_is_lost() {
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
  TEST_ASSERT_EQUAL(MessageQueue::kMaxFiles / 3, begun);
  TEST_ASSERT_TRUE(rig.device->uart.wrote("no room for another transaction"));
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_size_t(begun, rig.csms.count("StartTransaction"));
  TEST_ASSERT_EQUAL_size_t(begun, rig.csms.count("StopTransaction"));
  rig.csms.assert_in_order();
  TEST_ASSERT_TRUE(rig.tx().begin("TAG", begun, rig.clock.now()));
}

void damaged_stop_of_a_full_queue_is_replaced() {
  Simple rig;
  rig.device->set_time();
  unsigned begun = 0;
  for (; rig.tx().begin("TAG", begun, rig.clock.now()); ++begun) {
    rig.settle();
    rig.device->sample(begun);
    rig.settle();
    rig.tx().end(StopReason::local, "", begun, rig.clock.now());
    rig.settle();
  }
  TEST_ASSERT_EQUAL(MessageQueue::kMaxFiles / 3, begun);
  rig.storage.files.rbegin()->second[20] ^= 1;
  check_contains("tx-", rig.storage.files.rbegin()->first);
  rig.boot();
  rig.device->set_time();
  TEST_ASSERT_TRUE(rig.device->uart.wrote("was left open and is ended"));
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_size_t(begun, rig.csms.count("StartTransaction"));
  TEST_ASSERT_EQUAL_size_t(begun, rig.csms.count("StopTransaction"));
  rig.csms.assert_in_order();
}

}  // namespace

void run_offline_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(no_sample_of_an_offline_charge_is_lost_up_to_the_limit);
  RUN_TEST(full_queue_thins_meter_values_evenly_and_keeps_start_and_stop);
  RUN_TEST(cut_during_thinning_repeats_no_sample);
  RUN_TEST(offline_transactions_are_rejected_before_one_is_lost);
  RUN_TEST(damaged_stop_of_a_full_queue_is_replaced);
}
