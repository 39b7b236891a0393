#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

void tag_before_the_cable_waits_until_connection_time_out() {
  Rig rig;
  rig.press();
  rig.assert_happened("Preparing, idTag LOCAL");
  rig.pass(59'999);
  rig.assert_happened("");
  rig.pass(1);
  rig.assert_happened("Available");
  rig.set(pins::kCable, true);
  rig.assert_happened("Preparing");
  TEST_ASSERT_FALSE(rig.transactions.open());
  rig.set(pins::kCable, false);
  rig.happened.clear();
  rig.press();
  rig.pass(30'000);
  rig.set(pins::kCable, true);
  rig.assert_happened("Preparing, idTag LOCAL, SuspendedEV");
  TEST_ASSERT_TRUE(rig.transactions.open());
}

void rejected_tag_starts_nothing() {
  Rig rig;
  rig.accept = false;
  rig.press();
  rig.assert_happened("Preparing, idTag LOCAL, Available");
  rig.set(pins::kCable, true);
  rig.press();
  rig.assert_happened("Preparing, idTag LOCAL");
  TEST_ASSERT_FALSE(rig.transactions.open());
}

void answer_is_deferred_or_missing() {
  Rig rig;
  rig.answer_at_once = false;
  rig.set(pins::kCable, true);
  rig.press();
  rig.press();
  rig.assert_happened("Preparing, idTag LOCAL");
  rig.charging.authorized(true, "", rig.clock.now());
  rig.poll();
  TEST_ASSERT_TRUE(rig.transactions.open());
  rig.charging.authorized(true, "", rig.clock.now());  // without a request
  rig.poll();
  rig.assert_happened("SuspendedEV");
}

void button_without_id_tag_logs_the_missing_setting() {
  Rig rig;
  rig.settings.local_id_tag.clear();
  rig.press();
  rig.assert_happened("");
  TEST_ASSERT_TRUE(rig.uart.wrote("local_id_tag is not set"));
}

void rejected_start_stops_at_once_or_after_its_energy_or_suspends() {
  for (bool stop : {true, false}) {
    for (uint32_t energy : {0u, 40u}) {
      Rig rig;
      rig.settings.stop_transaction_on_invalid_id = stop;
      rig.settings.max_energy_on_invalid_id_wh = energy;
      rig.start_charging();
      answer_start(rig, "Invalid");
      if (energy != 0) {
        TEST_ASSERT_TRUE(rig.contactor());
        rig.gpio.pulse(pins::kMeterPulse, static_cast<int>(energy) - 1);
        rig.poll();
        TEST_ASSERT_TRUE(rig.contactor());
        rig.gpio.pulse(pins::kMeterPulse);
        rig.poll();
      }
      TEST_ASSERT_FALSE(rig.contactor());
      if (stop) {
        rig.assert_stopped(StopReason::de_authorized);
        rig.assert_happened("Finishing");
        rig.press();
        TEST_ASSERT_FALSE_MESSAGE(rig.locked(), "the same idTag was presented");
        rig.assert_happened("");
      } else {
        TEST_ASSERT_TRUE(rig.transactions.open());
        rig.assert_happened("SuspendedEVSE");
        rig.press();
        rig.assert_stopped(StopReason::local);
      }
    }
  }
}

void only_a_tag_of_the_group_stops() {
  Rig rig;
  rig.start_charging();
  answer_start(rig, "Accepted", "FAMILY");
  rig.settings.local_id_tag.assign("BROTHER");
  rig.parent = "NEIGHBOURS";
  rig.press();
  TEST_ASSERT_TRUE(rig.transactions.open());
  rig.parent = "";
  rig.press();
  TEST_ASSERT_TRUE(rig.transactions.open());
  rig.parent = "FAMILY";
  rig.accept = false;
  rig.press();
  TEST_ASSERT_TRUE(rig.transactions.open());
  rig.accept = true;
  rig.press();
  rig.assert_stopped(StopReason::local);
  TEST_ASSERT_EQUAL_STRING("BROTHER", rig.last_record().id_tag.c_str());
}

void stop_by_a_tag_of_the_group_includes_the_latest_pulses() {
  Rig rig;
  rig.start_charging();
  answer_start(rig, "Accepted", "FAMILY");
  rig.answer_at_once = false;
  rig.settings.local_id_tag.assign("BROTHER");
  rig.press();
  rig.gpio.pulse(pins::kMeterPulse, 6);
  rig.charging.authorized(true, "FAMILY", rig.clock.now());
  rig.poll();
  rig.assert_stopped(StopReason::local);
  TEST_ASSERT_EQUAL_UINT64(6, rig.last_record().energy_wh);
}

void answer_to_a_tag_for_a_stop_starts_nothing() {
  Rig rig;
  rig.start_charging();
  rig.answer_at_once = false;
  rig.settings.local_id_tag.assign("BROTHER");
  rig.press();
  rig.charging.stop(StopReason::remote, rig.clock.now());
  rig.charging.authorized(true, "", rig.clock.now());
  rig.poll();
  TEST_ASSERT_FALSE(rig.transactions.open());
}

void preparing_without_a_tag_becomes_finishing() {
  Rig rig;
  rig.set(pins::kCable, true);
  rig.pass(59'999);
  rig.assert_happened("Preparing");
  rig.pass(1);
  rig.assert_happened("Finishing");
  rig.press();
  rig.assert_happened("Preparing, idTag LOCAL, SuspendedEV");
}

}  // namespace

void run_id_tag_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(tag_before_the_cable_waits_until_connection_time_out);
  RUN_TEST(rejected_tag_starts_nothing);
  RUN_TEST(answer_is_deferred_or_missing);
  RUN_TEST(button_without_id_tag_logs_the_missing_setting);
  RUN_TEST(rejected_start_stops_at_once_or_after_its_energy_or_suspends);
  RUN_TEST(only_a_tag_of_the_group_stops);
  RUN_TEST(stop_by_a_tag_of_the_group_includes_the_latest_pulses);
  RUN_TEST(answer_to_a_tag_for_a_stop_starts_nothing);
  RUN_TEST(preparing_without_a_tag_becomes_finishing);
}
