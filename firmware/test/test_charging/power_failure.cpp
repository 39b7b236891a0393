#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

void power_failure_saves_the_register() {
  Rig rig;
  rig.gpio.pulse(pins::kMeterPulse, 7);
  rig.poll();
  rig.set(pins::kPowerFail, true);
  Transactions next(rig.storage, rig.time, rig.rng, rig.log);
  next.load(StopReason::power_loss, Transactions::LeftOpen::end, 0);
  TEST_ASSERT_EQUAL_UINT64(7, next.energy_wh());
}

void power_failure_stops_the_transaction() {
  Rig rig;
  rig.start_charging();
  rig.gpio.pulse(pins::kMeterPulse, 7);
  rig.set(pins::kPowerFail, true);
  rig.assert_stopped(StopReason::power_loss);
  TEST_ASSERT_EQUAL_UINT64(7, rig.last_record().energy_wh);
  TEST_ASSERT_FALSE(rig.charging.remote_start("R", rig.clock.now()));
  rig.press();
  TEST_ASSERT_FALSE(rig.transactions.open());
  rig.set(pins::kPowerFail, false);
  rig.press();
  TEST_ASSERT_TRUE(rig.transactions.open());
}

void power_failure_interrupts_the_transaction_with_resume() {
  Rig rig;
  rig.settings.power_fail_action = PowerFailAction::resume;
  rig.start_charging();
  rig.set(pins::kPowerFail, true);
  rig.assert_happened("SuspendedEVSE");
  TEST_ASSERT_TRUE(rig.transactions.open());
  TEST_ASSERT_FALSE(rig.contactor());
  TEST_ASSERT_TRUE(rig.locked());
  rig.set(pins::kPowerFail, false);
  rig.assert_happened("Charging");
  TEST_ASSERT_EQUAL_size_t_MESSAGE(3, rig.transactions.outbox().size(), "start, Interruption.Begin, Interruption.End");
}

/// The idTag is rejected during the outage, and the outage is too long: neither affects the next transaction.
void rejected_interrupted_transaction_does_not_limit_the_next_one() {
  Rig before;
  before.time.set_from_csms(1'700'000'000'000 - 36'000'000);
  before.start_charging();
  Rig rig(before.storage.files);
  rig.settings.power_fail_action = PowerFailAction::resume;
  rig.settings.stop_transaction_on_invalid_id = false;
  rig.set(pins::kPowerFail, true);
  answer_start(rig, "Blocked");
  rig.set(pins::kPowerFail, false);
  TEST_ASSERT_FALSE(rig.transactions.open());
  rig.happened.clear();
  rig.press();
  rig.assert_happened("Preparing, idTag LOCAL, Charging");
  TEST_ASSERT_TRUE(rig.contactor());
}

}  // namespace

void run_power_failure_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(power_failure_saves_the_register);
  RUN_TEST(power_failure_stops_the_transaction);
  RUN_TEST(rejected_interrupted_transaction_does_not_limit_the_next_one);
  RUN_TEST(power_failure_interrupts_the_transaction_with_resume);
}
