#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

void boot_tells_who_we_are_and_both_connectors() {
  Rig rig;
  rig.settle();
  TEST_ASSERT_EQUAL_STRING("Plugbench", rig.last("BootNotification", "chargePointVendor").c_str());
  TEST_ASSERT_EQUAL_STRING(PLUGBENCH_VERSION, rig.last("BootNotification", "firmwareVersion").c_str());
  TEST_ASSERT_EQUAL_STRING("2024-05-01T12:00:00.000Z", rig.last("StatusNotification", "timestamp").c_str());
  rig.assert_story("BootNotification 0:Available 1:Available");
}

void pending_is_asked_again_and_nothing_else_is_sent() {
  Rig rig;
  rig.answers["BootNotification"] = "{\"status\":\"Pending\",\"interval\":20,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.pass(19'999);
  rig.assert_story("BootNotification");
  rig.pass(1);
  rig.assert_story("BootNotification");
  check_contains("[3,\"q\",{\"status\":\"Rejected\"}]", rig.ask("RemoteStartTransaction", "{\"idTag\":\"R\"}"));
  rig.heard.clear();
  rig.answers.clear();
  rig.pass(20'000);
  rig.assert_story("BootNotification 0:Available 1:Preparing");
}

void rejected_answers_nothing_and_asks_again() {
  Rig rig;
  rig.answers["BootNotification"] = "{\"status\":\"Rejected\",\"interval\":0,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.settle();
  rig.assert_story("BootNotification");
  TEST_ASSERT_EQUAL_STRING("", rig.ask("Reset", "{\"type\":\"Soft\"}").c_str());
  TEST_ASSERT_EQUAL_STRING("", rig.ask("Reset", "[]").c_str());
  rig.pass(ChargePoint::kBootRetry);
  rig.assert_story("BootNotification");
}

void boot_notification_that_is_refused_or_not_answered_is_repeated() {
  Rig rig;
  rig.answers["BootNotification"] = "";
  rig.pass(Messenger::kCallTimeout + ChargePoint::kBootRetry - 1);
  rig.assert_story("BootNotification");
  rig.answers["BootNotification"] = "Error InternalError";
  rig.pass(1);
  rig.assert_story("BootNotification");
}

void mere_reconnect_is_no_boot() {
  Rig rig;
  rig.settle();
  rig.story();
  rig.lose_link();
  rig.pass(200);
  rig.assert_story("");
  rig.lose_link();
  rig.drive(pins::kCable, true);
  rig.pass(200);
  rig.assert_story("1:Preparing");
}

void link_lost_before_the_boot_answer_boots_again_at_once() {
  Rig rig;
  rig.answers["BootNotification"] = "";
  rig.settle();
  rig.lose_link();
  rig.answers.clear();
  rig.pass(200);
  rig.assert_story("BootNotification BootNotification 0:Available 1:Available");
}

void status_that_was_not_confirmed_is_told_again_after_a_reconnect() {
  Rig rig;
  rig.settle();
  rig.story();
  rig.answers["StatusNotification"] = "";
  rig.drive(pins::kCable, true);
  rig.assert_story("1:Preparing");
  rig.lose_link();
  rig.answers.clear();
  rig.pass(200);
  rig.assert_story("1:Preparing");
}

// The CSMS has heard Preparing, and its answer is lost with the link; it believes Preparing.
void status_that_was_confirmed_is_told_again_after_another_that_was_not() {
  Rig rig;
  rig.settle();
  rig.story();
  rig.answers["StatusNotification"] = "";
  rig.drive(pins::kCable, true);
  rig.assert_story("1:Preparing");
  go_offline(rig);
  rig.answers.clear();
  rig.drive(pins::kCable, false);
  rig.reachable = true;
  rig.pass(1'000);
  rig.assert_story("1:Available");
}

void what_became_wrong_offline_is_told_after_a_reconnect() {
  Rig rig;
  rig.set("StopTransactionOnEVSideDisconnect", "false");
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  go_offline(rig);
  rig.drive(pins::kCable, false);
  rig.reachable = true;
  rig.pass(1'000);
  assert_is("EV side disconnected", rig.last("StatusNotification", "info"));
  rig.assert_story("1:SuspendedEV");
  rig.lose_link();
  rig.pass(1'000);
  rig.assert_story("");
}

void heartbeat_keeps_interval_and_clock() {
  Rig rig;
  rig.settle();
  rig.story();
  rig.pass(299'999);
  rig.assert_story("");
  rig.pass(1);
  rig.assert_story("Heartbeat");
  rig.drive(pins::kCable, true);
  TEST_ASSERT_EQUAL_STRING("2024-05-01T13:00:00.000Z", rig.last("StatusNotification", "timestamp").c_str());
}

void heartbeat_interval_can_be_changed_while_it_runs() {
  Rig rig;
  rig.settle();
  assert_is("Accepted", change(rig, "HeartbeatInterval", "30"));
  rig.story();
  rig.pass(29'999);
  rig.assert_story("");
  rig.pass(1);
  rig.assert_story("Heartbeat");
}

void heartbeat_interval_of_the_boot_answer_is_what_configuration_tells() {
  Rig rig;
  rig.answers["BootNotification"] =
      "{\"status\":\"Accepted\",\"interval\":45,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.settle();
  assert_is("45", get(rig, "HeartbeatInterval"));
}

void pending_sends_what_is_triggered_and_no_more() {
  Rig rig;
  rig.answers["BootNotification"] = "{\"status\":\"Pending\",\"interval\":20,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.settle();
  rig.story();
  assert_is("Accepted", trigger(rig, "\"StatusNotification\",\"connectorId\":1"));
  rig.assert_story("answer 1:Available");
  assert_is("Accepted", trigger(rig, "\"Heartbeat\""));
  rig.assert_story("answer Heartbeat");
  assert_is("Accepted", change(rig, "MeterValueSampleInterval", "7"));
  rig.story();
  rig.answers.clear();
  assert_is("Accepted", trigger(rig, "\"BootNotification\""));
  rig.assert_story("answer BootNotification 0:Available 1:Available");
}

void pending_interval_outlives_a_lost_link() {
  Rig rig;
  rig.answers["BootNotification"] =
      "{\"status\":\"Rejected\",\"interval\":20,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.settle();
  rig.story();
  rig.lose_link();
  rig.pass(19'000);
  rig.assert_story("");
  rig.pass(1'000);
  rig.assert_story("BootNotification");
}

void boot_that_is_rejected_later_closes_the_gate() {
  Rig rig;
  rig.settle();
  rig.answers["BootNotification"] =
      "{\"status\":\"Rejected\",\"interval\":20,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.story();
  assert_is("Accepted", trigger(rig, "\"BootNotification\""));
  rig.drive(pins::kCable, true);
  rig.pass(19'000);
  rig.assert_story("answer BootNotification");
}

void interval_beyond_all_reason_is_held_at_a_day() {
  Rig rig;
  rig.answers["BootNotification"] =
      "{\"status\":\"Pending\",\"interval\":18446744073709551615,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.settle();
  rig.story();
  rig.pass(1000 * ChargePoint::kLongestIntervalS);
  rig.assert_story("BootNotification");
}

// The pong is there, behind more than a poll reads at once.
void loop_that_was_held_up_reads_the_pong_before_it_judges() {
  Rig rig;
  rig.set("ws_ping_interval_s", "10");
  rig.boot();
  rig.settle();
  rig.pass(10'100);
  rig.peer.send("[2,\"q\",\"DataTransfer\",{\"vendorId\":\"x\",\"data\":\"" + std::string(5'000, 'a') + "\"}]");
  rig.peer.send_pong();
  rig.clock.advance(8'000);
  rig.story();
  rig.settle();
  TEST_ASSERT_TRUE(rig.connected);
  rig.assert_story("answer");
}

}  // namespace

void run_boot_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(loop_that_was_held_up_reads_the_pong_before_it_judges);
  RUN_TEST(boot_tells_who_we_are_and_both_connectors);
  RUN_TEST(pending_is_asked_again_and_nothing_else_is_sent);
  RUN_TEST(rejected_answers_nothing_and_asks_again);
  RUN_TEST(boot_notification_that_is_refused_or_not_answered_is_repeated);
  RUN_TEST(mere_reconnect_is_no_boot);
  RUN_TEST(link_lost_before_the_boot_answer_boots_again_at_once);
  RUN_TEST(status_that_was_not_confirmed_is_told_again_after_a_reconnect);
  RUN_TEST(status_that_was_confirmed_is_told_again_after_another_that_was_not);
  RUN_TEST(what_became_wrong_offline_is_told_after_a_reconnect);
  RUN_TEST(heartbeat_keeps_interval_and_clock);
  RUN_TEST(heartbeat_interval_can_be_changed_while_it_runs);
  RUN_TEST(heartbeat_interval_of_the_boot_answer_is_what_configuration_tells);
  RUN_TEST(pending_sends_what_is_triggered_and_no_more);
  RUN_TEST(pending_interval_outlives_a_lost_link);
  RUN_TEST(boot_that_is_rejected_later_closes_the_gate);
  RUN_TEST(interval_beyond_all_reason_is_held_at_a_day);
}
