#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

void bouncing_button_is_one_press() {
  Rig rig;
  rig.set(pins::kCable, true);
  rig.press();
  TEST_ASSERT_TRUE(rig.transactions.open());
  rig.clock.advance(InputEvents::kDebounce - 1);
  rig.gpio.drive(pins::kAuthButton, true);
  rig.gpio.drive(pins::kAuthButton, false);
  rig.poll();
  TEST_ASSERT_TRUE(rig.transactions.open());
  rig.press();
  TEST_ASSERT_FALSE(rig.transactions.open());
}

void bouncing_release_is_no_second_press() {
  Rig rig;
  rig.set(pins::kCable, true);
  rig.clock.advance(100);
  rig.set(pins::kAuthButton, true);
  rig.clock.advance(200);
  for (int i = 0; i < 3; ++i) {
    rig.set(pins::kAuthButton, false);
    rig.clock.advance(1);
    rig.set(pins::kAuthButton, true);
    rig.clock.advance(1);
  }
  rig.set(pins::kAuthButton, false);
  rig.assert_happened("Preparing, idTag LOCAL, SuspendedEV");
  rig.press();
  rig.assert_happened("Finishing");
}

// The contact has bounced back before the handler runs: the press still counts.
void press_that_bounces_before_its_handler_runs_counts() {
  Rig rig;
  rig.set(pins::kCable, true);
  rig.clock.advance(100);
  rig.gpio.glitch(pins::kAuthButton);
  rig.clock.advance(1);
  rig.set(pins::kAuthButton, true);
  rig.clock.advance(200);
  rig.set(pins::kAuthButton, false);
  rig.assert_happened("Preparing, idTag LOCAL, SuspendedEV");
}

void release_of_a_button_held_since_the_boot_is_no_press() {
  FakeClock clock;
  FakeGpio gpio;
  FakeWaker waker{clock};
  gpio.drive(pins::kAuthButton, true);
  FakeEdges edges{gpio, clock, waker};
  InputEvents events(edges);
  clock.advance(200);
  gpio.drive(pins::kAuthButton, false);
  TEST_ASSERT_FALSE(events.take_button());
}

// Two presses that a delayed loop processes together are two presses.
void delayed_loop_does_not_mistake_a_press_for_a_bounce() {
  Rig rig;
  rig.set(pins::kCable, true);
  rig.clock.advance(100);
  rig.gpio.pulse(pins::kAuthButton);
  rig.clock.advance(InputEvents::kDebounce);
  rig.poll();
  TEST_ASSERT_TRUE(rig.transactions.open());
  rig.gpio.pulse(pins::kAuthButton);
  rig.poll();
  TEST_ASSERT_FALSE(rig.transactions.open());
}

void emergency_stop_ends_everything_until_released() {
  Rig rig;
  rig.start_charging();
  rig.gpio.drive(pins::kEmergencyStop, true);
  TEST_ASSERT_FALSE_MESSAGE(rig.contactor(), "the interrupt handler opens it, not the loop");
  rig.poll();
  rig.assert_stopped(StopReason::emergency_stop);
  rig.assert_happened("Faulted");
  TEST_ASSERT_EQUAL_STRING_LEN("OtherError", rig.charging.error_code().data, 10);
  rig.press();
  TEST_ASSERT_FALSE(rig.charging.remote_start("R", rig.clock.now()));
  rig.assert_happened("");
  rig.set(pins::kEmergencyStop, false);
  rig.assert_happened("Finishing");
  TEST_ASSERT_FALSE(rig.contactor());
}

void emergency_stop_shorter_than_a_round_counts() {
  Rig rig;
  rig.start_charging();
  rig.gpio.drive(pins::kEmergencyStop, true);
  rig.gpio.drive(pins::kEmergencyStop, false);
  rig.poll();
  rig.assert_stopped(StopReason::emergency_stop);
  rig.assert_happened("Faulted, Finishing");
}

// The stop ended while the loop was busy: this feature has not processed it yet.
void nothing_begins_before_an_ended_emergency_stop_is_processed() {
  Rig rig;
  rig.set(pins::kVehicleReady, true);
  rig.set(pins::kCable, true);
  rig.gpio.pulse(pins::kEmergencyStop);
  TEST_ASSERT_FALSE(rig.charging.remote_start("REMOTE", rig.clock.now()));
  TEST_ASSERT_EQUAL(0, rig.gpio.changes(pins::kContactor));
  rig.poll();
  TEST_ASSERT_TRUE_MESSAGE(rig.charging.remote_start("REMOTE", rig.clock.now()), "the stop is processed and has ended");
  rig.poll();
  TEST_ASSERT_TRUE(rig.contactor());
}

void emergency_stop_drops_the_authorization() {
  Rig rig;
  rig.press();
  rig.set(pins::kEmergencyStop, true);
  rig.set(pins::kEmergencyStop, false);
  rig.set(pins::kCable, true);
  TEST_ASSERT_FALSE(rig.transactions.open());
}

void inputs_wake_the_loop() {
  Rig rig;
  for (int pin : {pins::kCable, pins::kVehicleReady, pins::kPowerFail, pins::kLockFeedback, pins::kAuthButton}) {
    int before = rig.waker.wakes;
    rig.gpio.drive(pin, true);
    TEST_ASSERT_GREATER_THAN(before, rig.waker.wakes);
  }
}

}  // namespace

void run_inputs_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(bouncing_button_is_one_press);
  RUN_TEST(bouncing_release_is_no_second_press);
  RUN_TEST(press_that_bounces_before_its_handler_runs_counts);
  RUN_TEST(release_of_a_button_held_since_the_boot_is_no_press);
  RUN_TEST(delayed_loop_does_not_mistake_a_press_for_a_bounce);
  RUN_TEST(emergency_stop_ends_everything_until_released);
  RUN_TEST(emergency_stop_shorter_than_a_round_counts);
  RUN_TEST(nothing_begins_before_an_ended_emergency_stop_is_processed);
  RUN_TEST(emergency_stop_drops_the_authorization);
  RUN_TEST(inputs_wake_the_loop);
}
