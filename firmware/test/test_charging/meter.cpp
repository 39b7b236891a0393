#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

void meter_counts_pulses_over_the_counter_overflow() {
  Rig rig;
  rig.start_charging();
  rig.gpio.pulse(pins::kMeterPulse, 1500);
  rig.poll();
  TEST_ASSERT_EQUAL_UINT64(1500, rig.charging.energy_wh());
  rig.gpio.pulse(pins::kMeterPulse, 1);
  rig.press();
  TEST_ASSERT_EQUAL_UINT64(1501, rig.last_record().energy_wh);
}

void samples_are_taken_at_their_interval_without_drift() {
  Rig rig;
  rig.settings.meter_value_sample_interval_s = 10;
  rig.start_charging();
  Millis begin = rig.clock.now();
  std::vector<Millis> times;
  for (Millis i = 0; i < 350; ++i) {
    size_t before = rig.transactions.outbox().size();
    rig.pass(100 + i % 7);
    if (rig.transactions.outbox().size() != before) times.push_back(rig.clock.now() - begin);
  }
  TEST_ASSERT_EQUAL_size_t(3, times.size());
  for (size_t i = 0; i < times.size(); ++i) {
    TEST_ASSERT_GREATER_OR_EQUAL_UINT64(10'000 * (i + 1), times[i]);
    TEST_ASSERT_LESS_THAN_UINT64(10'000 * (i + 1) + 107, times[i]);
  }
  rig.pass(35'000);  // three were missed, one sample is taken
  TEST_ASSERT_EQUAL_size_t(1 + 3 + 1, rig.transactions.outbox().size());
}

void interval_of_zero_means_no_samples() {
  Rig rig;
  rig.settings.meter_value_sample_interval_s = 0;
  rig.start_charging();
  rig.pass(100'000);
  TEST_ASSERT_EQUAL_size_t(1, rig.transactions.outbox().size());
}

void aligned_samples_are_taken_at_the_boundaries() {
  Rig rig;
  rig.settings.clock_aligned_data_interval_s = 900;
  rig.pass(10'000'000);
  TEST_ASSERT_EQUAL_size_t_MESSAGE(0, rig.transactions.outbox().size(), "without a clock there are no boundaries");
  rig.time.set_from_csms(1'700'000'000'000);  // 22:13:20
  Millis due = rig.poll();
  TEST_ASSERT_EQUAL_UINT64(100'000, due - rig.clock.now());
  rig.pass(99'999);
  TEST_ASSERT_EQUAL_size_t(0, rig.transactions.outbox().size());
  rig.pass(1);
  TEST_ASSERT_EQUAL_size_t(1, rig.transactions.outbox().size());
  rig.time.set_from_csms(rig.time.now() - 2'000);
  rig.pass(2'000);
  TEST_ASSERT_EQUAL_size_t_MESSAGE(1, rig.transactions.outbox().size(), "one sample per boundary");
  rig.pass(2'000'000);
  TEST_ASSERT_EQUAL_size_t_MESSAGE(2, rig.transactions.outbox().size(), "missed samples are not made up for");
}

void aligned_samples_restart_at_midnight() {
  Rig rig;
  rig.settings.clock_aligned_data_interval_s = 50'000;  // no divisor of a day
  rig.time.set_from_csms(1'700'000'000'000);
  const Millis to_midnight = 86'400'000 - 1'700'000'000'000 % 86'400'000;
  TEST_ASSERT_EQUAL_UINT64(to_midnight, rig.poll() - rig.clock.now());
  rig.pass(to_midnight);
  TEST_ASSERT_EQUAL_size_t(1, rig.transactions.outbox().size());
}

}  // namespace

void run_meter_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(meter_counts_pulses_over_the_counter_overflow);
  RUN_TEST(samples_are_taken_at_their_interval_without_drift);
  RUN_TEST(interval_of_zero_means_no_samples);
  RUN_TEST(aligned_samples_are_taken_at_the_boundaries);
  RUN_TEST(aligned_samples_restart_at_midnight);
}
