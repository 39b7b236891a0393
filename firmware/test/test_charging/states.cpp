#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

void unplugged_transaction_waits_where_configured() {
  Rig rig;
  rig.settings.stop_transaction_on_ev_side_disconnect = false;
  rig.start_charging();
  rig.set(pins::kCable, false);
  rig.assert_happened("SuspendedEV");
  TEST_ASSERT_TRUE(rig.transactions.open());
  TEST_ASSERT_FALSE(rig.contactor());
  TEST_ASSERT_TRUE_MESSAGE(rig.locked(), "with any UnlockConnectorOnEVSideDisconnect");
  TEST_ASSERT_TRUE(rig.charging.error_info() == "EV side disconnected");
  rig.set(pins::kCable, true);
  rig.assert_happened("Charging");
  TEST_ASSERT_TRUE(rig.charging.error_info().empty());
  TEST_ASSERT_TRUE(rig.locked());
  rig.set(pins::kCable, false);
  rig.press();
  rig.assert_stopped(StopReason::local);
  rig.assert_happened("SuspendedEV, Available");
}

void cable_is_held_for_its_id_tag() {
  Rig rig;
  rig.settings.unlock_connector_on_ev_side_disconnect = false;
  rig.start_charging();
  rig.set(pins::kCable, false);
  rig.assert_happened("Finishing");
  TEST_ASSERT_TRUE(rig.charging.error_info() == "EV side disconnected");
  TEST_ASSERT_TRUE(rig.locked());
  TEST_ASSERT_FALSE(rig.charging.remote_start("OTHER", rig.clock.now()));
  rig.settings.local_id_tag.assign("STRANGER");
  rig.press();
  TEST_ASSERT_TRUE(rig.locked());
  rig.set(pins::kCable, true);
  rig.assert_happened("Finishing");  // reported again, without the info
  TEST_ASSERT_TRUE(rig.charging.error_info().empty());
  rig.set(pins::kCable, false);
  rig.assert_happened("Finishing");
  rig.settings.local_id_tag.assign("local");  // idTags are compared case-insensitively
  rig.press();
  TEST_ASSERT_FALSE(rig.locked());
  rig.assert_happened("Available");
}

void unplugging_is_reported_also_in_suspended_ev() {
  Rig rig;
  rig.settings.stop_transaction_on_ev_side_disconnect = false;
  rig.start_charging();
  rig.set(pins::kVehicleReady, false);
  rig.assert_happened("SuspendedEV");
  rig.set(pins::kCable, false);
  rig.assert_happened("SuspendedEV");
  TEST_ASSERT_TRUE(rig.charging.error_info() == "EV side disconnected");
}

void suspended_by_both_is_suspended_evse() {
  Rig rig;
  rig.settings.stop_transaction_on_invalid_id = false;
  rig.start_charging();
  answer_start(rig, "Blocked");
  rig.assert_happened("SuspendedEVSE");
  rig.set(pins::kVehicleReady, false);
  rig.assert_happened("");
}

void inoperative_waits_for_the_cable() {
  Rig rig;
  rig.set(pins::kCable, true);
  rig.assert_happened("Preparing");
  TEST_ASSERT_TRUE(rig.charging.in_use());
  rig.settings.availability = Availability::inoperative;
  rig.press();
  rig.assert_happened("");
  rig.pass(Millis{1000} * rig.settings.connection_timeout_s);
  rig.assert_happened("Finishing");
  rig.set(pins::kCable, false);
  rig.assert_happened("Unavailable");
  TEST_ASSERT_FALSE(rig.charging.in_use());
  rig.set(pins::kCable, true);
  rig.assert_happened("");
  TEST_ASSERT_FALSE_MESSAGE(rig.charging.in_use(), "the connector is already Unavailable");
  rig.settings.availability = Availability::operative;
  rig.poll();
  rig.assert_happened("Preparing");
}

void preparing_becomes_unavailable_through_available() {
  for (bool by_cable : {true, false}) {
    Rig rig;
    if (by_cable) rig.set(pins::kCable, true);
    if (!by_cable) TEST_ASSERT_TRUE(rig.charging.remote_start("REMOTE", rig.clock.now()));
    rig.assert_happened("Preparing");
    TEST_ASSERT_EQUAL(by_cable, rig.charging.in_use());
    rig.settings.availability = Availability::inoperative;
    if (by_cable) rig.set(pins::kCable, false);
    rig.poll();
    rig.assert_happened("Available, Unavailable");
  }
}

void inoperative_after_a_charge_waits_for_the_cable() {
  for (bool stop_first : {true, false}) {
    Rig rig;
    rig.start_charging();
    rig.settings.availability = Availability::connector_inoperative;
    rig.poll();
    rig.assert_happened("");
    if (stop_first) {
      rig.press();
      rig.assert_happened("Finishing");
    }
    rig.set(pins::kCable, false);
    rig.assert_happened("Unavailable");
  }
}

void short_status_is_not_reported() {
  Rig rig;
  rig.settings.minimum_status_duration_s = 5;
  rig.set(pins::kCable, true);
  rig.pass(4'999);
  rig.set(pins::kCable, false);
  rig.pass(10'000);
  rig.assert_happened("");
  rig.set(pins::kCable, true);
  TEST_ASSERT_EQUAL_UINT64_MESSAGE(rig.clock.now() + 5'000, rig.poll(), "the poll that reports it is due");
  rig.pass(5'000);
  rig.assert_happened("Preparing");
  rig.set(pins::kEmergencyStop, true);
  rig.assert_happened("Faulted");
}

}  // namespace

void run_states_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(unplugged_transaction_waits_where_configured);
  RUN_TEST(cable_is_held_for_its_id_tag);
  RUN_TEST(unplugging_is_reported_also_in_suspended_ev);
  RUN_TEST(suspended_by_both_is_suspended_evse);
  RUN_TEST(inoperative_waits_for_the_cable);
  RUN_TEST(preparing_becomes_unavailable_through_available);
  RUN_TEST(inoperative_after_a_charge_waits_for_the_cable);
  RUN_TEST(short_status_is_not_reported);
}
