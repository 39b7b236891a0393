#include "rig.h"
#include "suites.h"
#include "support/check.h"

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

/// Begins a transaction in one of the possible ways; the write of its start stays pending.
void begin_without_the_flash(Rig& rig, int how) {
  rig.settings.lock_timeout_ms = how == 2 ? 5'000 : 0;
  rig.gpio.drive(pins::kCable, true);
  rig.gpio.drive(pins::kVehicleReady, how != 1);
  rig.charging.poll(rig.clock.now());
  TEST_ASSERT_TRUE(rig.charging.remote_start("TAG", rig.clock.now()));
  rig.gpio.drive(pins::kLockFeedback, true);
  for (int i = 0; i < 2; ++i) {
    rig.charging.poll(rig.clock.now());
    rig.clock.advance(CableLock::kStable);
  }
  rig.charging.poll(rig.clock.now());
  rig.gpio.drive(pins::kVehicleReady, true);
  rig.charging.poll(rig.clock.now());
  rig.transactions.poll(rig.clock.now());
  TEST_ASSERT_TRUE(rig.transactions.open());
}

void contactor_closes_when_the_start_is_on_flash() {
  for (int how : {0, 1, 2}) {
    Rig rig;
    begin_without_the_flash(rig, how);
    TEST_ASSERT_FALSE_MESSAGE(rig.contactor(), "after a power cut the energy could not be billed");
    rig.assert_happened("Preparing");
    TEST_ASSERT_TRUE(rig.storage.run_one());
    rig.charging.poll(rig.clock.now());
    TEST_ASSERT_TRUE(rig.contactor());
    rig.assert_happened("Charging");
  }
}

void transaction_ended_before_its_start_is_stored_keeps_the_contactor_open() {
  Rig rig;
  begin_without_the_flash(rig, 0);
  rig.set(pins::kCable, false);
  rig.assert_stopped(StopReason::ev_disconnected);
  rig.assert_happened("Preparing, Available");
}

void start_rejected_by_the_flash_is_reported_until_it_is_stored() {
  for (const StorageResult result : {StorageResult::full, StorageResult::failed, StorageResult::corrupt}) {
    Rig rig;
    rig.storage.result = result;
    rig.start_charging();
    TEST_ASSERT_TRUE_MESSAGE(rig.contactor(), "the driver can charge");
    TEST_ASSERT_EQUAL_STRING("InternalError", str(rig.charging.error_code()).c_str());
    TEST_ASSERT_EQUAL_STRING("transaction not stored", str(rig.charging.error_info()).c_str());
    rig.storage.result = StorageResult::ok;
    rig.pass(Saver::kRetryPause);
    rig.assert_happened("Charging");  // again, without the error
    TEST_ASSERT_EQUAL_STRING("NoError", str(rig.charging.error_code()).c_str());
  }
}

void transaction_with_a_failed_start_ends_unless_configured() {
  for (const bool ends : {true, false}) {
    Rig rig;
    rig.settings.stop_transaction_on_start_given_up = ends;
    rig.transactions.set_retries({1, 1'000});
    rig.start_charging();
    const MessageId id = send_start(rig);
    rig.transactions.outbox().on_error(id.text(), "InternalError", rig.clock.now());
    TEST_ASSERT_EQUAL(!ends, rig.contactor());
    rig.poll();
    TEST_ASSERT_EQUAL(!ends, rig.transactions.open());
    rig.assert_happened(ends ? "Finishing" : "");
  }
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
  TEST_ASSERT_FALSE_MESSAGE(rig.charging.remote_start("OTHER", rig.clock.now()), "another one is pending");
  rig.poll();
  rig.assert_happened("Preparing");
  rig.set(pins::kCable, true);
  rig.assert_happened("SuspendedEV");
  TEST_ASSERT_EQUAL_STRING("REMOTE", rig.last_record().id_tag.c_str());
  TEST_ASSERT_FALSE(rig.charging.remote_start("OTHER", rig.clock.now()));
  TEST_ASSERT_FALSE_MESSAGE(rig.charging.remote_stop(0, rig.clock.now()), "the transaction has no id yet");
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

void remote_start_in_finishing_reports_preparing() {
  Rig rig;
  rig.start_charging();
  rig.press();
  rig.assert_happened("Finishing");
  TEST_ASSERT_TRUE(rig.charging.remote_start("REMOTE", rig.clock.now()));
  rig.poll();
  rig.assert_happened("Preparing, Charging");
}

void transaction_waits_for_the_lock_and_a_stuck_lock_is_a_fault() {
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
  rig.press();  // another attempt
  rig.set(pins::kLockFeedback, true);
  TEST_ASSERT_EQUAL_UINT64_MESSAGE(rig.clock.now() + CableLock::kStable, rig.poll(),
                                   "the poll that begins the transaction is due");
  rig.pass(CableLock::kStable);
  TEST_ASSERT_TRUE(rig.transactions.open());
  TEST_ASSERT_TRUE(rig.contactor());
  rig.assert_happened("Preparing, idTag LOCAL, Charging");
}

/// Starts a charge with a feedback contact at the lock.
void charge_with_feedback(Rig& rig) {
  rig.settings.lock_timeout_ms = 3'000;
  rig.set(pins::kLockFeedback, true);
  rig.set(pins::kVehicleReady, true);
  rig.set(pins::kCable, true);
  rig.press();
  rig.pass(CableLock::kStable);
  rig.assert_happened("Preparing, idTag LOCAL, Charging");
  TEST_ASSERT_TRUE(rig.contactor());
}

void bolt_that_opens_under_current_opens_the_contactor() {
  Rig rig;
  charge_with_feedback(rig);
  rig.set(pins::kLockFeedback, false);
  TEST_ASSERT_FALSE(rig.contactor());
  rig.assert_happened("SuspendedEVSE");
  TEST_ASSERT_TRUE(rig.charging.error_code() == "ConnectorLockFailure");
  TEST_ASSERT_TRUE_MESSAGE(rig.locked() && rig.transactions.open(), "the transaction waits for the bolt");
  TEST_ASSERT_GREATER_OR_EQUAL_UINT64_MESSAGE(rig.clock.now() + 10'000, rig.poll(),
                                              "only an edge of the contact wakes the loop");
  rig.pass(10'000);
  TEST_ASSERT_FALSE(rig.contactor());
  rig.set(pins::kLockFeedback, true);
  rig.pass(CableLock::kStable - 1);
  TEST_ASSERT_FALSE(rig.contactor());
  rig.assert_happened("");
  rig.pass(1);
  TEST_ASSERT_TRUE(rig.contactor());
  rig.assert_happened("Charging");
  TEST_ASSERT_TRUE(rig.charging.error_code() == "NoError");
}

// Two edges between two rounds of the loop.
void bolt_that_opens_while_the_loop_is_busy_opens_the_contactor() {
  Rig rig;
  charge_with_feedback(rig);
  rig.gpio.drive(pins::kLockFeedback, false);
  rig.gpio.drive(pins::kLockFeedback, true);
  TEST_ASSERT_EQUAL_UINT64(rig.clock.now() + CableLock::kStable, rig.poll());
  TEST_ASSERT_FALSE(rig.contactor());
  rig.assert_happened("SuspendedEVSE");
  TEST_ASSERT_TRUE(rig.charging.error_code() == "ConnectorLockFailure");
  rig.pass(CableLock::kStable - 1);
  TEST_ASSERT_FALSE(rig.contactor());
  rig.gpio.glitch(pins::kLockFeedback);  // another glitch restarts the second
  rig.pass(CableLock::kStable - 1);
  TEST_ASSERT_FALSE(rig.contactor());
  rig.pass(CableLock::kStable);
  TEST_ASSERT_TRUE(rig.contactor());
  rig.assert_happened("Charging");
}

void bolt_that_bounces_during_a_long_round_past_its_deadline_is_no_fault() {
  Rig rig;
  rig.settings.lock_timeout_ms = 500;
  rig.set(pins::kVehicleReady, true);
  rig.set(pins::kCable, true);
  rig.press();
  rig.set(pins::kLockFeedback, true);
  rig.gpio.glitch(pins::kLockFeedback);
  rig.pass(5'000);
  rig.pass(CableLock::kStable);
  rig.assert_happened("Preparing, idTag LOCAL, Charging");
}

void unwired_contact_opens_nothing() {
  Rig rig;
  rig.start_charging();
  rig.gpio.pulse(pins::kLockFeedback);
  rig.poll();
  TEST_ASSERT_TRUE(rig.contactor());
  rig.assert_happened("");
}

void chattering_contact_opens_the_contactor_once() {
  Rig rig;
  charge_with_feedback(rig);
  const int before = rig.gpio.changes(pins::kContactor);
  for (int i = 0; i < 50; ++i) {
    rig.set(pins::kLockFeedback, i % 2 != 0);
    rig.pass(CableLock::kStable - 1);
  }
  rig.assert_happened("SuspendedEVSE");
  TEST_ASSERT_EQUAL(before + 1, rig.gpio.changes(pins::kContactor));
  rig.pass(1);
  rig.assert_happened("Charging");
}

void contact_that_bounces_at_its_deadline_and_settles_is_no_failure() {
  Rig rig;
  rig.settings.lock_timeout_ms = 3'000;
  rig.set(pins::kCable, true);
  rig.press();
  rig.pass(2'990);
  rig.set(pins::kLockFeedback, true);
  rig.set(pins::kLockFeedback, false);
  rig.set(pins::kLockFeedback, true);
  rig.pass(CableLock::kStable);
  rig.assert_happened("Preparing, idTag LOCAL, SuspendedEV");
}

void bolt_that_engaged_in_time_may_bounce() {
  Rig rig;
  rig.settings.lock_timeout_ms = 500;
  rig.set(pins::kVehicleReady, true);
  rig.set(pins::kCable, true);
  rig.press();
  rig.pass(300);
  rig.set(pins::kLockFeedback, true);
  rig.pass(400);
  rig.set(pins::kLockFeedback, false);  // after the timeout
  rig.set(pins::kLockFeedback, true);
  rig.pass(CableLock::kStable);
  TEST_ASSERT_TRUE(rig.transactions.open());
  rig.assert_happened("Preparing, idTag LOCAL, Charging");
}

void bolt_that_does_not_settle_is_a_fault() {
  Rig rig;
  rig.settings.lock_timeout_ms = 500;
  rig.set(pins::kCable, true);
  rig.press();
  for (int i = 0; i < 8; ++i) {
    rig.set(pins::kLockFeedback, true);
    rig.pass(100);
    rig.set(pins::kLockFeedback, false);
    rig.pass(100);
  }
  TEST_ASSERT_FALSE(rig.transactions.open());
  rig.assert_happened("Preparing, idTag LOCAL, Faulted");
}

}  // namespace

void run_charge_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(bolt_that_engaged_in_time_may_bounce);
  RUN_TEST(bolt_that_does_not_settle_is_a_fault);
  RUN_TEST(charge_from_plug_to_unplug);
  RUN_TEST(contactor_closes_when_the_start_is_on_flash);
  RUN_TEST(transaction_ended_before_its_start_is_stored_keeps_the_contactor_open);
  RUN_TEST(start_rejected_by_the_flash_is_reported_until_it_is_stored);
  RUN_TEST(transaction_with_a_failed_start_ends_unless_configured);
  RUN_TEST(unplugging_ends_the_transaction);
  RUN_TEST(after_finishing_a_tag_starts_again);
  RUN_TEST(remote_start_and_stop);
  RUN_TEST(stop_for_a_reset);
  RUN_TEST(remote_start_in_finishing_reports_preparing);
  RUN_TEST(transaction_waits_for_the_lock_and_a_stuck_lock_is_a_fault);
  RUN_TEST(bolt_that_opens_under_current_opens_the_contactor);
  RUN_TEST(bolt_that_opens_while_the_loop_is_busy_opens_the_contactor);
  RUN_TEST(bolt_that_bounces_during_a_long_round_past_its_deadline_is_no_fault);
  RUN_TEST(unwired_contact_opens_nothing);
  RUN_TEST(chattering_contact_opens_the_contactor_once);
  RUN_TEST(contact_that_bounces_at_its_deadline_and_settles_is_no_failure);
}
