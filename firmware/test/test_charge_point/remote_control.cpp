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
  rig.assert_sequence("answer StartTransaction 1:SuspendedEV");
  TEST_ASSERT_EQUAL_STRING("[3,\"q\",{\"status\":\"Rejected\"}]",
                           rig.ask("RemoteStopTransaction", "{\"transactionId\":99}").c_str());
  TEST_ASSERT_EQUAL_STRING("[3,\"q\",{\"status\":\"Accepted\"}]",
                           rig.ask("RemoteStopTransaction", "{\"transactionId\":100}").c_str());
  TEST_ASSERT_EQUAL_STRING("Remote", rig.last("StopTransaction", "reason").c_str());
  rig.assert_sequence("answer StopTransaction 1:Finishing");
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
    rig.sequence();
    rig.system.reason = ResetReason::software;
    rig.boot();
    rig.settle();
    rig.assert_sequence("BootNotification 0:Available 1:Preparing");
  }
}

void reset_without_answers_restarts_and_loses_nothing() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.answers["StopTransaction"] = "";
  rig.ask("Reset", "{\"type\":\"Soft\"}");
  rig.pass(ChargePoint::kSoftResetLimit + 2'000);
  TEST_ASSERT_TRUE(rig.app->restart_requested());
  rig.sequence();
  rig.answers.clear();
  rig.boot();
  rig.settle();
  TEST_ASSERT_EQUAL_STRING("SoftReset", rig.last("StopTransaction", "reason").c_str());
  rig.assert_sequence("BootNotification StopTransaction 0:Available 1:Preparing");
}

void second_reset_during_the_first_is_rejected() {
  Rig rig;
  rig.settle();
  rig.tcp.peer().acknowledges = false;
  assert_is(status_answer("Accepted").c_str(), rig.ask("Reset", "{\"type\":\"Soft\"}"));
  assert_is(status_answer("Rejected").c_str(), rig.ask("Reset", "{\"type\":\"Hard\"}"));
}

/// A transaction of before the boot continues, and the CSMS has not accepted the charge point.
void remote_stop_before_the_charge_point_is_accepted_is_rejected() {
  Rig rig;
  rig.set("power_fail_action", "resume");
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.pass(1'000);
  rig.answers["BootNotification"] =
      "{\"status\":\"Pending\",\"interval\":300,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.cut_power_before_flash();
  rig.pass(2'000);
  assert_is(status_answer("Rejected").c_str(), rig.ask("RemoteStopTransaction", "{\"transactionId\":100}"));
  assert_is("never received", rig.last("StopTransaction", "reason"));
}

// A transaction that begins during a reset would end at once in the restart.
void nothing_starts_while_a_reset_is_in_progress() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.drive(pins::kVehicleReady, true);
  rig.press();
  rig.answers["StopTransaction"] = "";
  rig.ask("Reset", "{\"type\":\"Soft\"}");
  assert_is(status_answer("Rejected").c_str(), rig.ask("RemoteStartTransaction", "{\"idTag\":\"NEXT\"}"));
  rig.press();
  TEST_ASSERT_FALSE(rig.gpio.read(pins::kContactor));
  rig.sequence();
  rig.pass(ChargePoint::kSoftResetLimit + 2'000);
  TEST_ASSERT_TRUE(rig.app->restart_requested());
  rig.assert_sequence("");
}

// The flash is slow.
void reset_waits_until_the_stop_is_on_flash() {
  Rig rig;
  rig.set("MeterValueSampleInterval", "0");
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.drive(pins::kVehicleReady, true);
  rig.press();
  rig.pass(1'000);
  rig.gpio.pulse(pins::kMeterPulse, 150);
  rig.settle();
  rig.answers["StopTransaction"] = "";
  rig.worker.hold = true;
  rig.ask("Reset", "{\"type\":\"Hard\"}");
  rig.pass(ChargePoint::kHardResetLimit + 1'000);
  TEST_ASSERT_FALSE(rig.app->restart_requested());
  rig.worker.hold = false;
  rig.pass(ChargePoint::kHardResetLimit + 2'000);
  TEST_ASSERT_TRUE(rig.app->restart_requested());
  rig.answers.clear();
  rig.system.reason = ResetReason::software;
  rig.boot();
  rig.sequence();
  rig.settle();
  assert_is("HardReset", rig.last("StopTransaction", "reason"));
  assert_is("150", rig.last("StopTransaction", "meterStop"));
}

/// A file that remains would be sent again after the restart, as another transaction of the CSMS.
void reset_waits_until_answered_messages_are_removed() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.pass(1'000);
  rig.answers["StopTransaction"] = "";
  rig.ask("Reset", "{\"type\":\"Hard\"}");
  rig.pass(1'000);
  rig.worker.hold = true;
  rig.peer.send("[3,\"" + rig.ids["StopTransaction"] + "\",{}]");
  rig.pass(ChargePoint::kHardResetLimit);
  TEST_ASSERT_FALSE(rig.app->restart_requested());
  rig.worker.hold = false;
  rig.pass(2'000);
  TEST_ASSERT_TRUE(rig.app->restart_requested());
  rig.received.clear();
  rig.system.reason = ResetReason::software;
  rig.boot();
  rig.settle();
  assert_is("never received", rig.last("StopTransaction", "reason"));
}

void reset_waits_for_the_flash_up_to_a_limit() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.worker.hold = true;
  rig.ask("Reset", "{\"type\":\"Hard\"}");
  rig.pass(CsmsRequests::kSaveLimit - 1);
  TEST_ASSERT_FALSE(rig.app->restart_requested());
  rig.pass(ChargePoint::kHardResetLimit + 2'000);
  TEST_ASSERT_TRUE(rig.app->restart_requested());
}

// The device retries a write to a full flash every few seconds. It sends the stop from memory after the first attempt.
// The limit for the answer starts at this moment.
void reset_on_a_full_flash_sends_the_stop_before_the_restart() {
  for (Millis phase = 0; phase < Saver::kRetryPause; phase += 1'000) {
    Rig rig;
    rig.set("MeterValueSampleInterval", "0");
    rig.settle();
    rig.drive(pins::kCable, true);
    rig.drive(pins::kVehicleReady, true);
    rig.press();
    rig.pass(1'000);
    rig.flash.full = true;
    rig.gpio.pulse(pins::kMeterPulse, 150);
    rig.pass(20'000 + phase);
    rig.ask("Reset", "{\"type\":\"Hard\"}");
    rig.pass(Saver::kRetryPause + ChargePoint::kHardResetLimit + 2'000);
    TEST_ASSERT_TRUE(rig.app->restart_requested());
    assert_is("150", rig.last("StopTransaction", "meterStop"));
  }
}

// The power fails before the stop is on flash: the CSMS has no answer, and the charge continues.
void remote_stop_is_accepted_when_it_is_durable() {
  Rig rig;
  rig.set("power_fail_action", "resume");
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.drive(pins::kVehicleReady, true);
  rig.press();
  rig.pass(1'000);
  rig.worker.hold = true;
  assert_is("", rig.ask("RemoteStopTransaction", "{\"transactionId\":100}"));
  TEST_ASSERT_FALSE_MESSAGE(rig.gpio.read(pins::kContactor), "the contactor opens without waiting for the flash");
  rig.pass(1'000);
  rig.assert_sequence("");
  rig.cut_power_before_flash();
  rig.pass(2'000);
  TEST_ASSERT_TRUE(rig.gpio.read(pins::kContactor));
  rig.worker.hold = true;
  assert_is("", rig.ask("RemoteStopTransaction", "{\"transactionId\":100}"));
  rig.worker.hold = false;
  rig.settle();
  assert_is(status_answer("Accepted").c_str(), rig.last_answer());
  rig.cut_power_before_flash();
  rig.pass(2'000);
  TEST_ASSERT_FALSE(rig.gpio.read(pins::kContactor));
}

/// A CSMS may repeat its request during the wait.
void repeated_remote_stops_are_all_answered_when_the_end_is_durable() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.worker.hold = true;
  constexpr size_t kPlaces = DeferredReplies::kMax + 1;
  for (size_t i = 0; i < kPlaces; ++i) assert_is("", rig.ask("RemoteStopTransaction", "{\"transactionId\":100}"));
  check_contains("InternalError", rig.ask("RemoteStopTransaction", "{\"transactionId\":100}"));
  assert_is(status_answer("Rejected").c_str(), rig.ask("RemoteStopTransaction", "{\"transactionId\":99}"));
  rig.sequence();
  rig.worker.hold = false;
  rig.settle();
  size_t accepted = 0;
  for (const auto& one : rig.received) accepted += one.second == status_answer("Accepted") ? 1u : 0u;
  TEST_ASSERT_EQUAL_size_t(kPlaces, accepted);
  assert_is("Remote", rig.last("StopTransaction", "reason"));
  assert_is(status_answer("Rejected").c_str(), rig.ask("RemoteStopTransaction", "{\"transactionId\":100}"));
}

void remote_stop_is_answered_although_the_flash_fails() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.worker.hold = true;
  assert_is("", rig.ask("RemoteStopTransaction", "{\"transactionId\":100}"));
  rig.pass(CsmsRequests::kSaveLimit);
  assert_is(status_answer("Accepted").c_str(), rig.last_answer());
}

void unlock_is_answered_when_the_end_of_the_transaction_is_durable() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.worker.hold = true;
  assert_is("", rig.ask("UnlockConnector", "{\"connectorId\":1}"));
  rig.pass(CsmsRequests::kUnlockLimit + 1);
  rig.assert_sequence("");
  rig.worker.hold = false;
  rig.settle();
  assert_is(status_answer("Unlocked").c_str(), rig.last_answer());
}

void unlock_waits_for_the_lock() {
  Rig rig;
  rig.settle();
  rig.sequence();
  assert_is(status_answer("Unlocked").c_str(), rig.ask("UnlockConnector", "{\"connectorId\":1}"));
  rig.gpio.drive(pins::kLockFeedback, true);
  rig.settle();
  assert_is("", rig.ask("UnlockConnector", "{\"connectorId\":1}"));
  rig.pass(500);
  rig.drive(pins::kLockFeedback, false);
  assert_is(status_answer("Unlocked").c_str(), rig.received.back().second);
  assert_is(status_answer("NotSupported").c_str(), rig.ask("UnlockConnector", "{\"connectorId\":2}"));
  assert_is(status_answer("NotSupported").c_str(), rig.ask("UnlockConnector", "{\"connectorId\":0}"));
}

void unlock_fails_when_the_lock_stays_closed() {
  Rig rig;
  rig.settle();
  rig.gpio.drive(pins::kLockFeedback, true);
  rig.settle();
  rig.received.clear();
  assert_is("", rig.ask("UnlockConnector", "{\"connectorId\":1}"));
  rig.pass(CsmsRequests::kUnlockLimit - 1);
  rig.assert_sequence("");
  rig.pass(1);
  assert_is(status_answer("UnlockFailed").c_str(), rig.received.back().second);
}

void unlock_ends_the_transaction_first() {
  Rig rig;
  rig.settle();
  rig.gpio.drive(pins::kLockFeedback, true);
  rig.drive(pins::kCable, true);
  rig.press();
  rig.sequence();
  assert_is("", rig.ask("UnlockConnector", "{\"connectorId\":1}"));
  assert_is("UnlockCommand", rig.last("StopTransaction", "reason"));
  TEST_ASSERT_FALSE(rig.gpio.read(pins::kLock));
  rig.drive(pins::kLockFeedback, false);
  assert_is(status_answer("Unlocked").c_str(), rig.received.back().second);
}

void triggered_messages_follow_the_answer() {
  Rig rig;
  rig.settle();
  rig.sequence();
  assert_is("Accepted", trigger(rig, "\"Heartbeat\""));
  rig.assert_sequence("answer Heartbeat");
  assert_is("Accepted", trigger(rig, "\"StatusNotification\""));
  rig.assert_sequence("answer 0:Available 1:Available");
  assert_is("Accepted", trigger(rig, "\"StatusNotification\",\"connectorId\":1"));
  rig.assert_sequence("answer 1:Available");
  assert_is("Accepted", trigger(rig, "\"BootNotification\""));
  rig.assert_sequence("answer BootNotification");
  rig.gpio.pulse(pins::kMeterPulse, 12);
  rig.settle();
  assert_is("Accepted", trigger(rig, "\"MeterValues\",\"connectorId\":1"));
  assert_is("12", rig.last("MeterValues", "meterValue.0.sampledValue.0.value"));
  assert_is("Trigger", rig.last("MeterValues", "meterValue.0.sampledValue.0.context"));
  assert_is("", rig.last("MeterValues", "transactionId"));
  assert_is("Rejected", trigger(rig, "\"MeterValues\",\"connectorId\":2"));
  assert_is("Rejected", trigger(rig, "\"MeterValues\",\"connectorId\":0"));
  assert_is("Accepted", trigger(rig, "\"StatusNotification\",\"connectorId\":0"));
  rig.assert_sequence("answer 0:Available");
  assert_is("Rejected", trigger(rig, "\"StatusNotification\",\"connectorId\":2"));
  assert_is("Rejected", trigger(rig, "\"StatusNotification\",\"connectorId\":-1"));
  assert_is("Accepted", trigger(rig, "\"Heartbeat\",\"connectorId\":7"));
  rig.assert_sequence("answer Heartbeat");
  assert_is("Accepted", change(rig, "MeterValuesSampledData", ""));
  assert_is("Rejected", trigger(rig, "\"MeterValues\""));
  assert_is("NotImplemented", trigger(rig, "\"FirmwareStatusNotification\""));
  assert_is("NotImplemented", trigger(rig, "\"DiagnosticsStatusNotification\""));
  rig.sequence();
  rig.pass(1'000);
  rig.assert_sequence("");
}

// A reading that the CSMS has received survives a power cut.
void triggered_meter_values_have_durable_energy() {
  Rig rig;
  rig.set("MeterValueSampleInterval", "0");
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.drive(pins::kVehicleReady, true);
  rig.press();
  rig.gpio.pulse(pins::kMeterPulse, 90);
  rig.worker.hold = true;
  assert_is("Accepted", trigger(rig, "\"MeterValues\""));
  rig.assert_sequence("answer");
  rig.gpio.pulse(pins::kMeterPulse, 2);
  assert_is("Accepted", trigger(rig, "\"MeterValues\""));
  rig.assert_sequence("answer");
  rig.worker.hold = false;
  rig.settle();
  assert_is("92", rig.last("MeterValues", "meterValue.0.sampledValue.0.value"));
  rig.assert_sequence("MeterValues");
  rig.cut_power_before_flash();
  rig.pass(1'000);
  assert_is("92", rig.last("StopTransaction", "meterStop"));
}

void triggered_meter_values_are_sent_although_the_flash_fails() {
  Rig rig;
  rig.settle();
  rig.gpio.pulse(pins::kMeterPulse, 9);
  rig.flash.full = true;
  assert_is("Accepted", trigger(rig, "\"MeterValues\""));
  rig.assert_sequence("answer");
  rig.pass(CsmsRequests::kSaveLimit);
  assert_is("9", rig.last("MeterValues", "meterValue.0.sampledValue.0.value"));
  rig.sequence();
  assert_is("Accepted", trigger(rig, "\"MeterValues\""));
  go_offline(rig);
  rig.reachable = true;
  rig.pass(2 * CsmsRequests::kSaveLimit);
  rig.assert_sequence("");
}

void triggered_meter_values_are_rejected_while_no_time_is_known() {
  Rig rig;
  rig.answers["BootNotification"] = "{\"status\":\"Pending\",\"interval\":20,\"currentTime\":\"soon\"}";
  rig.settle();
  assert_is("Rejected", trigger(rig, "\"MeterValues\""));
  rig.assert_sequence("answer");
}

void status_dropped_from_the_queue_is_sent_later() {
  Rig rig;
  rig.settle();
  rig.sequence();
  rig.answers["StatusNotification"] = "";  // the CSMS does not answer
  for (size_t i = 0; i < Messenger::kMaxWaiting; ++i) rig.drive(pins::kCable, i % 2 == 0);
  rig.press();  // Preparing: Authorize replaces the oldest messages
  rig.gpio.drive(pins::kEmergencyStop, true);
  rig.settle();
  rig.gpio.drive(pins::kEmergencyStop, false);
  for (int i = 0; i < 12; ++i) {
    trigger(rig, "\"Heartbeat\"");  // newer messages drop the statuses
  }
  rig.answers.clear();
  rig.sequence();
  rig.pass(2 * Messenger::kCallTimeout);
  std::string received;
  for (const auto& one : rig.received) {
    if (one.first == "StatusNotification") received = Rig::field(one.second, "status");
  }
  assert_is("Available", received);
}

void dropped_status_is_sent_although_an_older_one_times_out() {
  Rig rig;
  rig.settle();
  rig.answers["StatusNotification"] = "";
  rig.drive(pins::kCable, true);   // in flight
  rig.drive(pins::kCable, false);  // pending
  rig.answers.clear();
  for (size_t i = 0; i < Messenger::kMaxWaiting; ++i) trigger(rig, "\"Heartbeat\"");
  rig.sequence();
  rig.pass(2 * Messenger::kCallTimeout);
  assert_is("Available", rig.last("StatusNotification", "status"));
}

void status_without_an_answer_is_resent_on_the_same_connection() {
  Rig rig;
  rig.settle();
  rig.set("ConnectionTimeOut", "3600");
  const int opens = rig.opens;
  rig.answers["StatusNotification"] = "";
  rig.sequence();
  rig.drive(pins::kCable, true);
  rig.answers.clear();
  rig.pass(Messenger::kCallTimeout + ChargePoint::kResendFirst / 2 - 1);
  rig.assert_sequence("1:Preparing");
  rig.pass(ChargePoint::kResendFirst / 2 + 1);
  rig.assert_sequence("1:Preparing");
  rig.pass(2 * ChargePoint::kResendFirst);
  rig.assert_sequence("");
  TEST_ASSERT_EQUAL(opens, rig.opens);
}

/// A CSMS that fails at each StatusNotification gets the charge nevertheless, and few attempts to send the status.
void status_for_which_the_csms_closes_does_not_block_a_charge() {
  Rig rig;
  rig.set("ConnectionTimeOut", "3600");
  rig.settle();
  rig.answers["StatusNotification"] = "Close";
  rig.sequence();
  rig.drive(pins::kCable, true);
  rig.pass(10'000);
  rig.press();
  rig.pass(10'000);
  assert_is("100", console_status(rig, "transaction"));
  rig.press();
  rig.pass(10'000);
  assert_is("100", rig.last("StopTransaction", "transactionId"));
  rig.sequence();
  rig.pass(ChargePoint::kResendLongest);
  size_t statuses = 0;
  for (const auto& one : rig.received) statuses += one.first == "StatusNotification" ? 1u : 0u;
  TEST_ASSERT_GREATER_THAN_size_t(3, statuses);
  TEST_ASSERT_LESS_THAN_size_t(10, statuses);
  rig.answers.clear();
  rig.pass(ChargePoint::kResendLongest);
  TEST_ASSERT_EQUAL_STRING("Finishing", rig.last("StatusNotification", "status").c_str());
}

/// The same status is sent at once after a loss of the connection.
void status_for_which_the_csms_closes_with_a_restart_is_resent_at_once() {
  Rig rig;
  rig.set("ConnectionTimeOut", "3600");
  rig.settle();
  rig.answers["StatusNotification"] = "";
  rig.drive(pins::kCable, true);
  rig.answers.clear();
  rig.sequence();
  rig.peer.send_close("\x03\xf4");  // 1012
  rig.pass(10'000);
  rig.assert_sequence("1:Preparing");
}

// A newer status replaces an unanswered one, which would be outdated.
void status_without_an_answer_is_not_resent_after_a_newer_one() {
  Rig rig;
  rig.settle();
  rig.set("ConnectionTimeOut", "3600");
  rig.answers["StatusNotification"] = "";
  rig.sequence();
  rig.drive(pins::kCable, true);
  rig.pass(Messenger::kCallTimeout);
  rig.answers.clear();
  rig.drive(pins::kCable, false);
  rig.pass(2 * ChargePoint::kResendFirst);
  rig.assert_sequence("1:Preparing 1:Available");
}

void status_without_an_answer_is_resent_with_backoff() {
  Rig rig;
  rig.settle();
  rig.set("HeartbeatInterval", "86400");
  rig.settle();
  rig.sequence();
  rig.answers["StatusNotification"] = "";
  rig.drive(pins::kCable, true);
  rig.pass(ChargePoint::kResendLongest);
  const size_t in_an_hour = rig.received.size();
  TEST_ASSERT_GREATER_OR_EQUAL_size_t(5, in_an_hour);
  TEST_ASSERT_LESS_OR_EQUAL_size_t(9, in_an_hour);
  rig.pass(ChargePoint::kResendLongest);  // the backoff is at its maximum
  rig.sequence();
  rig.pass(10 * ChargePoint::kResendLongest);
  TEST_ASSERT_GREATER_OR_EQUAL_size_t(9, rig.received.size());
  TEST_ASSERT_LESS_OR_EQUAL_size_t(20, rig.received.size());
  rig.answers.clear();
  rig.pass(ChargePoint::kResendLongest);
  rig.sequence();
  rig.answers["StatusNotification"] = "";
  rig.drive(pins::kCable, false);
  rig.answers.clear();
  rig.pass(Messenger::kCallTimeout + ChargePoint::kResendFirst);  // after an answer the backoff starts again
  rig.assert_sequence("1:Available 1:Available");
}

void resent_status_does_not_overtake_a_transaction_message() {
  Rig rig;
  rig.settle();
  rig.set("MeterValueSampleInterval", "59");
  rig.drive(pins::kCable, true);
  rig.answers["StatusNotification"] = "";
  rig.press();
  rig.assert_sequence("BootNotification 0:Available 1:Available 1:Preparing Authorize StartTransaction 1:SuspendedEV");
  rig.answers["MeterValues"] = "";
  rig.pass(Messenger::kCallTimeout);
  rig.answers["StatusNotification"] = "{}";
  rig.pass(58'000);
  rig.assert_sequence("MeterValues");
  rig.pass(3'000);  // the status is due
  rig.assert_sequence("1:SuspendedEV");
}

void remote_start_can_authorize_first() {
  Rig rig;
  rig.set("AuthorizeRemoteTxRequests", "true");
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.sequence();
  rig.ask("RemoteStartTransaction", "{\"idTag\":\"R\"}");
  rig.assert_sequence("answer Authorize StartTransaction 1:SuspendedEV");
  rig.press();
  rig.ask("RemoteStopTransaction", "{\"transactionId\":100}");
  rig.answers["Authorize"] = "{\"idTagInfo\":{\"status\":\"Blocked\"}}";
  rig.sequence();
  rig.ask("RemoteStartTransaction", "{\"idTag\":\"R\"}");
  rig.pass(1'000);
  TEST_ASSERT_TRUE(rig.sequence().find("StartTransaction") == std::string::npos);
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
  RUN_TEST(reset_without_answers_restarts_and_loses_nothing);
  RUN_TEST(nothing_starts_while_a_reset_is_in_progress);
  RUN_TEST(reset_waits_until_the_stop_is_on_flash);
  RUN_TEST(reset_waits_until_answered_messages_are_removed);
  RUN_TEST(reset_waits_for_the_flash_up_to_a_limit);
  RUN_TEST(reset_on_a_full_flash_sends_the_stop_before_the_restart);
  RUN_TEST(remote_stop_is_accepted_when_it_is_durable);
  RUN_TEST(repeated_remote_stops_are_all_answered_when_the_end_is_durable);
  RUN_TEST(remote_stop_is_answered_although_the_flash_fails);
  RUN_TEST(unlock_is_answered_when_the_end_of_the_transaction_is_durable);
  RUN_TEST(unlock_waits_for_the_lock);
  RUN_TEST(unlock_fails_when_the_lock_stays_closed);
  RUN_TEST(unlock_ends_the_transaction_first);
  RUN_TEST(triggered_messages_follow_the_answer);
  RUN_TEST(triggered_meter_values_have_durable_energy);
  RUN_TEST(triggered_meter_values_are_sent_although_the_flash_fails);
  RUN_TEST(triggered_meter_values_are_rejected_while_no_time_is_known);
  RUN_TEST(status_dropped_from_the_queue_is_sent_later);
  RUN_TEST(dropped_status_is_sent_although_an_older_one_times_out);
  RUN_TEST(status_without_an_answer_is_resent_on_the_same_connection);
  RUN_TEST(status_for_which_the_csms_closes_does_not_block_a_charge);
  RUN_TEST(status_for_which_the_csms_closes_with_a_restart_is_resent_at_once);
  RUN_TEST(status_without_an_answer_is_not_resent_after_a_newer_one);
  RUN_TEST(status_without_an_answer_is_resent_with_backoff);
  RUN_TEST(resent_status_does_not_overtake_a_transaction_message);
  RUN_TEST(remote_start_can_authorize_first);
  RUN_TEST(remote_start_reads_its_charging_profile);
  RUN_TEST(remote_start_of_another_connector_is_rejected);
  RUN_TEST(second_reset_during_the_first_is_rejected);
  RUN_TEST(remote_stop_before_the_charge_point_is_accepted_is_rejected);
}
