#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

void charge_from_plug_to_unplug() {
  Rig rig;
  rig.set(pins::kCable, true);
  rig.assert_happened("Preparing");
  rig.press();
  rig.assert_happened("idTag LOCAL, SuspendedEV");
  TEST_ASSERT_TRUE(rig.locked());
  TEST_ASSERT_FALSE_MESSAGE(rig.contactor(), "closed before the vehicle is ready");
  rig.set(pins::kVehicleReady, true);
  rig.assert_happened("Charging");
  TEST_ASSERT_TRUE(rig.contactor());
  rig.set(pins::kVehicleReady, false);
  rig.assert_happened("SuspendedEV");
  TEST_ASSERT_FALSE(rig.contactor());
  rig.set(pins::kVehicleReady, true);
  rig.press();
  rig.assert_happened("Charging, Finishing");
  rig.assert_stopped(StopReason::local);
  TEST_ASSERT_EQUAL_STRING("LOCAL", rig.last_record().id_tag.c_str());
  rig.set(pins::kCable, false);
  rig.assert_happened("Available");
}

void unplugging_ends_the_transaction() {
  Rig rig;
  rig.start_charging();
  rig.set(pins::kCable, false);
  rig.assert_stopped(StopReason::ev_disconnected);
  rig.assert_happened("Available");
}

void after_finishing_a_tag_starts_again() {
  Rig rig;
  rig.start_charging();
  rig.press();
  rig.assert_happened("Finishing");
  rig.press();
  rig.assert_happened("Preparing, idTag LOCAL, Charging");
  TEST_ASSERT_TRUE(rig.transactions.open());
}

void remote_start_and_stop() {
  Rig rig;
  TEST_ASSERT_TRUE(rig.charging.remote_start("REMOTE", rig.clock.now()));
  TEST_ASSERT_FALSE_MESSAGE(rig.charging.remote_start("OTHER", rig.clock.now()), "one waits already");
  rig.poll();
  rig.assert_happened("Preparing");
  rig.set(pins::kCable, true);
  rig.assert_happened("SuspendedEV");
  TEST_ASSERT_EQUAL_STRING("REMOTE", rig.last_record().id_tag.c_str());
  TEST_ASSERT_FALSE(rig.charging.remote_start("OTHER", rig.clock.now()));
  TEST_ASSERT_FALSE_MESSAGE(rig.charging.remote_stop(0, rig.clock.now()), "it has no id yet");
  rig.press();
  TEST_ASSERT_TRUE_MESSAGE(rig.transactions.open(), "the local idTag is not that of the transaction");
  TEST_ASSERT_FALSE(rig.charging.remote_start("123456789012345678901", rig.clock.now()));
}

void stop_for_a_reset() {
  Rig rig;
  rig.start_charging();
  rig.charging.stop(StopReason::hard_reset, rig.clock.now());
  rig.poll();
  rig.assert_stopped(StopReason::hard_reset);
}

void remote_start_leads_from_finishing_by_preparing() {
  Rig rig;
  rig.start_charging();
  rig.press();
  rig.assert_happened("Finishing");
  TEST_ASSERT_TRUE(rig.charging.remote_start("REMOTE", rig.clock.now()));
  rig.poll();
  rig.assert_happened("Preparing, Charging");
}

void transaction_waits_for_the_lock_and_a_stuck_one_is_a_fault() {
  Rig rig;
  rig.settings.lock_timeout_ms = 3'000;
  rig.set(pins::kVehicleReady, true);
  rig.set(pins::kCable, true);
  rig.press();
  TEST_ASSERT_TRUE(rig.locked());
  TEST_ASSERT_FALSE(rig.transactions.open());
  rig.pass(2'999);
  rig.assert_happened("Preparing, idTag LOCAL");
  rig.pass(1);
  rig.assert_happened("Faulted");
  TEST_ASSERT_TRUE(rig.charging.error_code() == "ConnectorLockFailure");
  TEST_ASSERT_FALSE(rig.transactions.open());
  TEST_ASSERT_FALSE(rig.locked());
  rig.press();  // another try
  rig.set(pins::kLockFeedback, true);
  TEST_ASSERT_TRUE(rig.transactions.open());
  TEST_ASSERT_TRUE(rig.contactor());
  rig.assert_happened("Preparing, idTag LOCAL, Charging");
}

}  // namespace

void run_charge_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(charge_from_plug_to_unplug);
  RUN_TEST(unplugging_ends_the_transaction);
  RUN_TEST(after_finishing_a_tag_starts_again);
  RUN_TEST(remote_start_and_stop);
  RUN_TEST(stop_for_a_reset);
  RUN_TEST(remote_start_leads_from_finishing_by_preparing);
  RUN_TEST(transaction_waits_for_the_lock_and_a_stuck_one_is_a_fault);
}
