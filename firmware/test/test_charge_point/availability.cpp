#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

void connector_is_made_inoperative_and_back_over_a_reboot() {
  Rig rig;
  rig.settle();
  assert_is(status_answer("Accepted").c_str(), availability(rig, 1, "Inoperative"));
  rig.assert_sequence("answer 1:Unavailable");
  assert_is(status_answer("Accepted").c_str(), availability(rig, 1, "Inoperative"));
  rig.assert_sequence("answer");
  rig.drive(pins::kCable, true);
  rig.press();
  rig.assert_sequence("");
  assert_is(status_answer("Rejected").c_str(), rig.ask("RemoteStartTransaction", "{\"idTag\":\"R\"}"));
  rig.boot();
  rig.sequence();
  rig.settle();
  rig.assert_sequence("BootNotification 0:Available 1:Unavailable");
  assert_is(status_answer("Accepted").c_str(), availability(rig, 1, "Operative"));
  rig.assert_sequence("answer 1:Preparing");
}

void whole_charge_point_is_made_inoperative_and_back() {
  Rig rig;
  rig.settle();
  rig.sequence();
  assert_is(status_answer("Accepted").c_str(), availability(rig, 0, "Inoperative"));
  rig.assert_sequence("answer 0:Unavailable 1:Unavailable");
  assert_is(status_answer("Rejected").c_str(), availability(rig, 1, "Operative"));
  assert_is(status_answer("Accepted").c_str(), availability(rig, 1, "Inoperative"));
  rig.sequence();
  assert_is(status_answer("Accepted").c_str(), availability(rig, 0, "Operative"));
  rig.assert_sequence("answer 0:Available 1:Available");
  availability(rig, 1, "Inoperative");
  rig.sequence();
  availability(rig, 0, "Inoperative");
  rig.assert_sequence("answer 0:Unavailable");
  assert_is(status_answer("Rejected").c_str(), availability(rig, 2, "Operative"));
  assert_is(status_answer("Rejected").c_str(), availability(rig, -1, "Operative"));
}

void inoperative_waits_for_the_end_of_the_transaction() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.sequence();
  assert_is(status_answer("Scheduled").c_str(), availability(rig, 1, "Inoperative"));
  assert_is(status_answer("Scheduled").c_str(), availability(rig, 1, "Inoperative"));
  rig.sequence();
  rig.pass(1'000);
  rig.assert_sequence("");
  rig.press();
  rig.assert_sequence("StopTransaction 1:Finishing");
  assert_is(status_answer("Scheduled").c_str(), availability(rig, 1, "Inoperative"));
  rig.sequence();
  rig.drive(pins::kCable, false);
  rig.assert_sequence("1:Unavailable");
  availability(rig, 1, "Operative");
  rig.assert_sequence("answer 1:Available");
}

void inoperative_in_a_charge_is_still_scheduled_after_a_cut() {
  Rig rig;
  rig.set("power_fail_action", "resume");
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  assert_is(status_answer("Scheduled").c_str(), availability(rig, 1, "Inoperative"));
  rig.boot();
  rig.sequence();
  rig.settle();
  assert_is("SuspendedEV", rig.last("StatusNotification", "status"));
  rig.press();
  assert_is("Finishing", rig.last("StatusNotification", "status"));
  rig.drive(pins::kCable, false);
  assert_is("Unavailable", rig.last("StatusNotification", "status"));
}

void scheduled_inoperative_can_be_cancelled() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  assert_is(status_answer("Scheduled").c_str(), availability(rig, 0, "Inoperative"));
  assert_is(status_answer("Accepted").c_str(), availability(rig, 0, "Operative"));
  rig.sequence();
  rig.press();
  rig.assert_sequence("StopTransaction 1:Finishing");
}

// The second request arrives before the answer to the first one and takes its value into account.
void last_of_two_availability_requests_applies() {
  Rig rig;
  rig.settle();
  availability(rig, 1, "Operative");
  rig.sequence();
  rig.peer.send("[2,\"1\",\"ChangeAvailability\",{\"connectorId\":0,\"type\":\"Inoperative\"}]");
  rig.peer.send("[2,\"2\",\"ChangeAvailability\",{\"connectorId\":0,\"type\":\"Operative\"}]");
  rig.settle();
  assert_is("[3,\"2\",{\"status\":\"Accepted\"}]", rig.last_answer());
  rig.boot();
  rig.sequence();
  rig.settle();
  rig.assert_sequence("BootNotification 0:Available 1:Available");
}

void availability_in_writing_is_accepted_when_durable() {
  Rig rig;
  rig.settle();
  rig.sequence();
  rig.worker.hold = true;
  rig.peer.send("[2,\"1\",\"ChangeAvailability\",{\"connectorId\":0,\"type\":\"Inoperative\"}]");
  rig.peer.send("[2,\"2\",\"ChangeAvailability\",{\"connectorId\":0,\"type\":\"Inoperative\"}]");
  rig.settle();
  rig.assert_sequence("");
  rig.worker.hold = false;
  rig.settle();
  rig.assert_sequence("answer 0:Unavailable answer 1:Unavailable");
}

}  // namespace

void run_availability_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(connector_is_made_inoperative_and_back_over_a_reboot);
  RUN_TEST(whole_charge_point_is_made_inoperative_and_back);
  RUN_TEST(inoperative_waits_for_the_end_of_the_transaction);
  RUN_TEST(inoperative_in_a_charge_is_still_scheduled_after_a_cut);
  RUN_TEST(last_of_two_availability_requests_applies);
  RUN_TEST(availability_in_writing_is_accepted_when_durable);
  RUN_TEST(scheduled_inoperative_can_be_cancelled);
}
