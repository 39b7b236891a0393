#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

void remote_start_and_stop_are_answered_before_they_are_carried_out() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  TEST_ASSERT_EQUAL_STRING("[3,\"q\",{\"status\":\"Accepted\"}]",
                           rig.ask("RemoteStartTransaction", "{\"idTag\":\"R\",\"connectorId\":1}").c_str());
  rig.assert_story("answer StartTransaction 1:SuspendedEV");
  TEST_ASSERT_EQUAL_STRING("[3,\"q\",{\"status\":\"Rejected\"}]",
                           rig.ask("RemoteStopTransaction", "{\"transactionId\":99}").c_str());
  TEST_ASSERT_EQUAL_STRING("[3,\"q\",{\"status\":\"Accepted\"}]",
                           rig.ask("RemoteStopTransaction", "{\"transactionId\":100}").c_str());
  TEST_ASSERT_EQUAL_STRING("Remote", rig.last("StopTransaction", "reason").c_str());
  rig.assert_story("answer StopTransaction 1:Finishing");
  TEST_ASSERT_EQUAL_STRING("[3,\"q\",{\"status\":\"Rejected\"}]",
                           rig.ask("RemoteStartTransaction", "{\"idTag\":\"R\",\"connectorId\":2}").c_str());
}

void reset_ends_the_transaction_and_restarts() {
  for (const char* type : {"Soft", "Hard"}) {
    Rig rig;
    rig.settle();
    rig.drive(pins::kCable, true);
    rig.press();
    check_contains("Accepted", rig.ask("Reset", std::string("{\"type\":\"") + type + "\"}"));
    rig.pass(2'000);
    TEST_ASSERT_EQUAL_STRING((std::string(type) + "Reset").c_str(), rig.last("StopTransaction", "reason").c_str());
    TEST_ASSERT_TRUE(rig.app->restart_requested());
    rig.story();
    rig.system.reason = ResetReason::software;
    rig.boot();
    rig.settle();
    rig.assert_story("BootNotification 0:Available 1:Preparing");
  }
}

void reset_without_answers_restarts_all_the_same_and_loses_nothing() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.answers["StopTransaction"] = "";
  rig.ask("Reset", "{\"type\":\"Soft\"}");
  rig.pass(ChargePoint::kSoftResetLimit + 2'000);
  TEST_ASSERT_TRUE(rig.app->restart_requested());
  rig.story();
  rig.answers.clear();
  rig.boot();
  rig.settle();
  TEST_ASSERT_EQUAL_STRING("SoftReset", rig.last("StopTransaction", "reason").c_str());
  rig.assert_story("BootNotification StopTransaction 0:Available 1:Preparing");
}

void unlock_waits_for_the_lock() {
  Rig rig;
  rig.settle();
  rig.story();
  assert_is(status_answer("Unlocked").c_str(), rig.ask("UnlockConnector", "{\"connectorId\":1}"));
  rig.gpio.drive(pins::kLockFeedback, true);
  rig.settle();
  assert_is("", rig.ask("UnlockConnector", "{\"connectorId\":1}"));
  rig.pass(500);
  rig.drive(pins::kLockFeedback, false);
  assert_is(status_answer("Unlocked").c_str(), rig.heard.back().second);
  assert_is(status_answer("NotSupported").c_str(), rig.ask("UnlockConnector", "{\"connectorId\":2}"));
  assert_is(status_answer("NotSupported").c_str(), rig.ask("UnlockConnector", "{\"connectorId\":0}"));
}

void unlock_fails_when_the_lock_stays() {
  Rig rig;
  rig.settle();
  rig.gpio.drive(pins::kLockFeedback, true);
  rig.settle();
  rig.heard.clear();
  assert_is("", rig.ask("UnlockConnector", "{\"connectorId\":1}"));
  rig.pass(CsmsRequests::kUnlockLimit - 1);
  rig.assert_story("");
  rig.pass(1);
  assert_is(status_answer("UnlockFailed").c_str(), rig.heard.back().second);
}

void unlock_ends_the_transaction_first() {
  Rig rig;
  rig.settle();
  rig.gpio.drive(pins::kLockFeedback, true);
  rig.drive(pins::kCable, true);
  rig.press();
  rig.story();
  assert_is("", rig.ask("UnlockConnector", "{\"connectorId\":1}"));
  assert_is("UnlockCommand", rig.last("StopTransaction", "reason"));
  TEST_ASSERT_FALSE(rig.gpio.read(pins::kLock));
  rig.drive(pins::kLockFeedback, false);
  assert_is(status_answer("Unlocked").c_str(), rig.heard.back().second);
}

void triggered_messages_follow_the_answer() {
  Rig rig;
  rig.settle();
  rig.story();
  assert_is("Accepted", trigger(rig, "\"Heartbeat\""));
  rig.assert_story("answer Heartbeat");
  assert_is("Accepted", trigger(rig, "\"StatusNotification\""));
  rig.assert_story("answer 0:Available 1:Available");
  assert_is("Accepted", trigger(rig, "\"StatusNotification\",\"connectorId\":1"));
  rig.assert_story("answer 1:Available");
  assert_is("Accepted", trigger(rig, "\"BootNotification\""));
  rig.assert_story("answer BootNotification");
  rig.gpio.pulse(pins::kMeterPulse, 12);
  rig.settle();
  assert_is("Accepted", trigger(rig, "\"MeterValues\",\"connectorId\":1"));
  assert_is("12", rig.last("MeterValues", "meterValue.0.sampledValue.0.value"));
  assert_is("Trigger", rig.last("MeterValues", "meterValue.0.sampledValue.0.context"));
  assert_is("", rig.last("MeterValues", "transactionId"));
  assert_is("Rejected", trigger(rig, "\"MeterValues\",\"connectorId\":2"));
  assert_is("Rejected", trigger(rig, "\"MeterValues\",\"connectorId\":0"));
  assert_is("Accepted", trigger(rig, "\"StatusNotification\",\"connectorId\":0"));
  rig.assert_story("answer 0:Available");
  assert_is("Rejected", trigger(rig, "\"StatusNotification\",\"connectorId\":2"));
  assert_is("Rejected", trigger(rig, "\"StatusNotification\",\"connectorId\":-1"));
  assert_is("Accepted", trigger(rig, "\"Heartbeat\",\"connectorId\":7"));
  rig.assert_story("answer Heartbeat");
  assert_is("Accepted", change(rig, "MeterValuesSampledData", ""));
  assert_is("Rejected", trigger(rig, "\"MeterValues\""));
  assert_is("NotImplemented", trigger(rig, "\"FirmwareStatusNotification\""));
  assert_is("NotImplemented", trigger(rig, "\"DiagnosticsStatusNotification\""));
  rig.story();
  rig.pass(1'000);
  rig.assert_story("");
}

void triggered_meter_values_are_rejected_while_no_time_is_known() {
  Rig rig;
  rig.answers["BootNotification"] = "{\"status\":\"Pending\",\"interval\":20,\"currentTime\":\"soon\"}";
  rig.settle();
  assert_is("Rejected", trigger(rig, "\"MeterValues\""));
  rig.assert_story("answer");
}

void status_that_made_room_in_the_queue_is_told_later() {
  Rig rig;
  rig.settle();
  rig.story();
  rig.answers["StatusNotification"] = "";  // the CSMS stalls
  for (size_t i = 0; i < Messenger::kMaxWaiting; ++i) rig.drive(pins::kCable, i % 2 == 0);
  rig.press();  // Preparing: its Authorize takes the place of the oldest ones
  rig.gpio.drive(pins::kEmergencyStop, true);
  rig.settle();
  rig.gpio.drive(pins::kEmergencyStop, false);
  for (int i = 0; i < 12; ++i) {
    trigger(rig, "\"Heartbeat\"");  // younger ones push the statuses out
  }
  rig.answers.clear();
  rig.story();
  rig.pass(2 * Messenger::kCallTimeout);
  std::string heard;
  for (const auto& one : rig.heard) {
    if (one.first == "StatusNotification") heard = Rig::field(one.second, "status");
  }
  assert_is("Available", heard);
}

void status_that_made_room_is_told_though_an_older_one_times_out() {
  Rig rig;
  rig.settle();
  rig.answers["StatusNotification"] = "";
  rig.drive(pins::kCable, true);   // unanswered
  rig.drive(pins::kCable, false);  // waits behind it
  rig.answers.clear();
  for (size_t i = 0; i < Messenger::kMaxWaiting; ++i) trigger(rig, "\"Heartbeat\"");
  rig.story();
  rig.pass(2 * Messenger::kCallTimeout);
  assert_is("Available", rig.last("StatusNotification", "status"));
}

void remote_start_can_ask_for_authorization_first() {
  Rig rig;
  rig.set("AuthorizeRemoteTxRequests", "true");
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.story();
  rig.ask("RemoteStartTransaction", "{\"idTag\":\"R\"}");
  rig.assert_story("answer Authorize StartTransaction 1:SuspendedEV");
  rig.press();
  rig.ask("RemoteStopTransaction", "{\"transactionId\":100}");
  rig.answers["Authorize"] = "{\"idTagInfo\":{\"status\":\"Blocked\"}}";
  rig.story();
  rig.ask("RemoteStartTransaction", "{\"idTag\":\"R\"}");
  rig.pass(1'000);
  TEST_ASSERT_TRUE(rig.story().find("StartTransaction") == std::string::npos);
}

void remote_start_reads_its_charging_profile() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  const auto start = [&rig](const std::string& purpose, const std::string& schedule) {
    return rig.ask("RemoteStartTransaction",
                   "{\"idTag\":\"R\",\"chargingProfile\":{\"chargingProfileId\":1,\"stackLevel\":0,"
                   "\"chargingProfilePurpose\":\"" +
                       purpose +
                       "\",\"chargingProfileKind\":\"Relative\","
                       "\"validFrom\":\"2024-05-01T12:00:00Z\",\"chargingSchedule\":" +
                       schedule + "}}");
  };
  const std::string good =
      "{\"duration\":60,\"chargingRateUnit\":\"A\",\"chargingSchedulePeriod\":[{\"startPeriod\":0,\"limit\":16.5}]}";
  assert_is(status_answer("Rejected").c_str(), start("TxDefaultProfile", good));
  check_contains("PropertyConstraintViolation", start("NoProfile", good));
  check_contains("OccurenceConstraintViolation", start("TxProfile", "{\"chargingRateUnit\":\"A\"}"));
  check_contains("OccurenceConstraintViolation",
                 start("TxProfile", "{\"chargingRateUnit\":\"A\",\"chargingSchedulePeriod\":[]}"));
  check_contains("TypeConstraintViolation",
                 start("TxProfile", "{\"chargingRateUnit\":\"A\",\"chargingSchedulePeriod\":[5]}"));
  check_contains("FormationViolation",
                 start("TxProfile",
                       "{\"chargingRateUnit\":\"A\",\"chargingSchedulePeriod\":[{\"startPeriod\":0,"
                       "\"limit\":1,\"more\":1}]}"));
  assert_is(status_answer("Accepted").c_str(), start("TxProfile", good));
}

void remote_start_of_another_connector_is_rejected() {
  Rig rig;
  rig.settle();
  for (const char* connector : {"0", "2", "-1"}) {
    assert_is(status_answer("Rejected").c_str(),
              rig.ask("RemoteStartTransaction", std::string("{\"idTag\":\"R\",\"connectorId\":") + connector + "}"));
  }
}

}  // namespace

void run_remote_control_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(remote_start_and_stop_are_answered_before_they_are_carried_out);
  RUN_TEST(reset_ends_the_transaction_and_restarts);
  RUN_TEST(reset_without_answers_restarts_all_the_same_and_loses_nothing);
  RUN_TEST(unlock_waits_for_the_lock);
  RUN_TEST(unlock_fails_when_the_lock_stays);
  RUN_TEST(unlock_ends_the_transaction_first);
  RUN_TEST(triggered_messages_follow_the_answer);
  RUN_TEST(triggered_meter_values_are_rejected_while_no_time_is_known);
  RUN_TEST(status_that_made_room_in_the_queue_is_told_later);
  RUN_TEST(status_that_made_room_is_told_though_an_older_one_times_out);
  RUN_TEST(remote_start_can_ask_for_authorization_first);
  RUN_TEST(remote_start_reads_its_charging_profile);
  RUN_TEST(remote_start_of_another_connector_is_rejected);
}
