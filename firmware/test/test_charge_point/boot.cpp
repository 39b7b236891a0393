#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

void boot_sends_identity_and_both_connectors() {
  Rig rig;
  rig.settle();
  TEST_ASSERT_EQUAL_STRING("Plugbench", rig.last("BootNotification", "chargePointVendor").c_str());
  TEST_ASSERT_EQUAL_STRING(PLUGBENCH_VERSION, rig.last("BootNotification", "firmwareVersion").c_str());
  TEST_ASSERT_EQUAL_STRING("2024-05-01T12:00:00.000Z", rig.last("StatusNotification", "timestamp").c_str());
  rig.assert_sequence("BootNotification 0:Available 1:Available");
}

void pending_repeats_only_the_boot_notification() {
  Rig rig;
  rig.answers["BootNotification"] = "{\"status\":\"Pending\",\"interval\":20,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.pass(19'999);
  rig.assert_sequence("BootNotification");
  rig.pass(1);
  rig.assert_sequence("BootNotification");
  check_contains("[3,\"q\",{\"status\":\"Rejected\"}]", rig.ask("RemoteStartTransaction", "{\"idTag\":\"R\"}"));
  rig.received.clear();
  rig.answers.clear();
  rig.pass(20'000);
  rig.assert_sequence("BootNotification 0:Available 1:Preparing");
}

void rejected_answers_nothing_and_repeats_the_boot_notification() {
  Rig rig;
  rig.answers["BootNotification"] = "{\"status\":\"Rejected\",\"interval\":0,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.settle();
  rig.assert_sequence("BootNotification");
  TEST_ASSERT_EQUAL_STRING("", rig.ask("Reset", "{\"type\":\"Soft\"}").c_str());
  TEST_ASSERT_EQUAL_STRING("", rig.ask("Reset", "[]").c_str());
  rig.pass(ChargePoint::kBootRetry);
  rig.assert_sequence("BootNotification");
}

void failed_boot_notification_is_repeated() {
  Rig rig;
  rig.answers["BootNotification"] = "";
  rig.pass(Messenger::kCallTimeout + ChargePoint::kBootRetry - 1);
  rig.assert_sequence("BootNotification");
  rig.answers["BootNotification"] = "Error InternalError";
  rig.pass(1);
  rig.assert_sequence("BootNotification");
}

void reconnect_sends_no_boot_notification() {
  Rig rig;
  rig.settle();
  rig.sequence();
  rig.lose_link();
  rig.pass(200);
  rig.assert_sequence("");
  rig.lose_link();
  rig.drive(pins::kCable, true);
  rig.pass(200);
  rig.assert_sequence("1:Preparing");
}

void disconnect_before_the_boot_answer_repeats_it_at_once() {
  Rig rig;
  rig.answers["BootNotification"] = "";
  rig.settle();
  rig.lose_link();
  rig.answers.clear();
  rig.pass(200);
  rig.assert_sequence("BootNotification BootNotification 0:Available 1:Available");
}

void unconfirmed_status_is_resent_after_a_reconnect() {
  Rig rig;
  rig.settle();
  rig.sequence();
  rig.answers["StatusNotification"] = "";
  rig.drive(pins::kCable, true);
  rig.assert_sequence("1:Preparing");
  rig.lose_link();
  rig.answers.clear();
  rig.pass(200);
  rig.assert_sequence("1:Preparing");
}

// The CSMS has received Preparing, but its answer is lost with the connection: it still shows Preparing.
void confirmed_status_is_resent_after_an_unconfirmed_one() {
  Rig rig;
  rig.settle();
  rig.sequence();
  rig.answers["StatusNotification"] = "";
  rig.drive(pins::kCable, true);
  rig.assert_sequence("1:Preparing");
  go_offline(rig);
  rig.answers.clear();
  rig.drive(pins::kCable, false);
  rig.reachable = true;
  rig.pass(1'000);
  rig.assert_sequence("1:Available");
}

void error_that_began_offline_is_reported_after_a_reconnect() {
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
  rig.assert_sequence("1:SuspendedEV");
  rig.lose_link();
  rig.pass(1'000);
  rig.assert_sequence("");
}

void heartbeat_keeps_interval_and_clock() {
  Rig rig;
  rig.settle();
  rig.sequence();
  rig.pass(299'999);
  rig.assert_sequence("");
  rig.pass(1);
  rig.assert_sequence("Heartbeat");
  rig.drive(pins::kCable, true);
  TEST_ASSERT_EQUAL_STRING("2024-05-01T13:00:00.000Z", rig.last("StatusNotification", "timestamp").c_str());
}

void heartbeat_interval_can_be_changed_while_it_runs() {
  Rig rig;
  rig.settle();
  assert_is("Accepted", change(rig, "HeartbeatInterval", "30"));
  rig.sequence();
  rig.pass(29'999);
  rig.assert_sequence("");
  rig.pass(1);
  rig.assert_sequence("Heartbeat");
}

void configuration_has_the_heartbeat_interval_of_the_boot_answer() {
  Rig rig;
  rig.answers["BootNotification"] =
      "{\"status\":\"Accepted\",\"interval\":45,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.settle();
  assert_is("45", get(rig, "HeartbeatInterval"));
}

void pending_sends_only_triggered_messages() {
  Rig rig;
  rig.answers["BootNotification"] = "{\"status\":\"Pending\",\"interval\":20,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.settle();
  rig.sequence();
  assert_is("Accepted", trigger(rig, "\"StatusNotification\",\"connectorId\":1"));
  rig.assert_sequence("answer 1:Available");
  assert_is("Accepted", trigger(rig, "\"Heartbeat\""));
  rig.assert_sequence("answer Heartbeat");
  assert_is("Accepted", change(rig, "MeterValueSampleInterval", "7"));
  rig.sequence();
  rig.answers.clear();
  assert_is("Accepted", trigger(rig, "\"BootNotification\""));
  rig.assert_sequence("answer BootNotification 0:Available 1:Available");
}

void pending_interval_survives_a_disconnect() {
  Rig rig;
  rig.answers["BootNotification"] =
      "{\"status\":\"Rejected\",\"interval\":20,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.settle();
  rig.sequence();
  rig.lose_link();
  rig.pass(19'000);
  rig.assert_sequence("");
  rig.pass(1'000);
  rig.assert_sequence("BootNotification");
}

void later_rejection_closes_the_gate() {
  Rig rig;
  rig.settle();
  rig.answers["BootNotification"] =
      "{\"status\":\"Rejected\",\"interval\":20,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.sequence();
  assert_is("Accepted", trigger(rig, "\"BootNotification\""));
  rig.drive(pins::kCable, true);
  rig.pass(19'000);
  rig.assert_sequence("answer BootNotification");
}

void huge_interval_is_limited_to_a_day() {
  Rig rig;
  rig.answers["BootNotification"] =
      "{\"status\":\"Pending\",\"interval\":18446744073709551615,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.settle();
  rig.sequence();
  rig.pass(1000 * ChargePoint::kLongestIntervalS);
  rig.assert_sequence("BootNotification");
}

// The pong has arrived, but after more bytes than one poll reads.
void delayed_loop_reads_the_pong_before_its_deadline_counts() {
  Rig rig;
  rig.set("ws_ping_interval_s", "10");
  rig.boot();
  rig.settle();
  rig.pass(10'100);
  rig.peer.send("[2,\"q\",\"DataTransfer\",{\"vendorId\":\"x\",\"data\":\"" + std::string(5'000, 'a') + "\"}]");
  rig.peer.send_pong();
  rig.clock.advance(8'000);
  rig.sequence();
  rig.settle();
  TEST_ASSERT_TRUE(rig.connected);
  rig.assert_sequence("answer");
}

}  // namespace

void run_boot_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(delayed_loop_reads_the_pong_before_its_deadline_counts);
  RUN_TEST(boot_sends_identity_and_both_connectors);
  RUN_TEST(pending_repeats_only_the_boot_notification);
  RUN_TEST(rejected_answers_nothing_and_repeats_the_boot_notification);
  RUN_TEST(failed_boot_notification_is_repeated);
  RUN_TEST(reconnect_sends_no_boot_notification);
  RUN_TEST(disconnect_before_the_boot_answer_repeats_it_at_once);
  RUN_TEST(unconfirmed_status_is_resent_after_a_reconnect);
  RUN_TEST(confirmed_status_is_resent_after_an_unconfirmed_one);
  RUN_TEST(error_that_began_offline_is_reported_after_a_reconnect);
  RUN_TEST(heartbeat_keeps_interval_and_clock);
  RUN_TEST(heartbeat_interval_can_be_changed_while_it_runs);
  RUN_TEST(configuration_has_the_heartbeat_interval_of_the_boot_answer);
  RUN_TEST(pending_sends_only_triggered_messages);
  RUN_TEST(pending_interval_survives_a_disconnect);
  RUN_TEST(later_rejection_closes_the_gate);
  RUN_TEST(huge_interval_is_limited_to_a_day);
}
