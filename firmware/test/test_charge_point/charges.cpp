#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

/// Resumes a charge after the boot without a CSMS; then the CSMS sends the time.
/// @return the state of the transaction: "open", or the reason of its end.
std::string charge_after_a_cut_of(Rig& rig, const char* time_told_late) {
  rig.set("power_fail_action", "resume");
  rig.set("power_resume_limit_s", "600");
  rig.gpio.drive(pins::kVehicleReady, true);
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.boot();
  rig.reachable = false;
  rig.pass(Charging::kResumeWait + 1'000);
  TEST_ASSERT_TRUE_MESSAGE(rig.gpio.read(pins::kContactor), "the transaction continues while the duration is unknown");
  rig.answers["BootNotification"] =
      std::string("{\"status\":\"Accepted\",\"interval\":300,\"currentTime\":\"") + time_told_late + "\"}";
  rig.reachable = true;
  rig.sequence();
  rig.pass(2'000);
  const std::string reason = rig.last("StopTransaction", "reason");
  return reason == "never received" ? "open" : reason;
}

/// A CSMS whose handler fails closes the connection instead of an answer, each time.
void stop_for_which_the_csms_closes_does_not_block_the_next_charge() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.answers["StopTransaction"] = "Close";
  rig.sequence();
  rig.press();
  rig.pass(200'000);
  size_t stops = 0;
  for (const auto& one : rig.received) stops += one.first == "StopTransaction" ? 1u : 0u;
  TEST_ASSERT_EQUAL_size_t(3, stops);
  rig.press();
  rig.pass(1'000);
  assert_is("101", console_status(rig, "transaction"));
}

/// A CSMS without MeterValues: each attempt would fail, and the stop would come hours later.
void samples_that_the_csms_does_not_support_do_not_hold_up_the_stop() {
  for (const char* code : {"Error NotImplemented", "Error NotSupported"}) {
    Rig rig;
    rig.gpio.drive(pins::kVehicleReady, true);
    rig.settle();
    rig.drive(pins::kCable, true);
    rig.press();
    rig.answers["MeterValues"] = code;
    rig.sequence();
    rig.pass(181'000);
    rig.assert_sequence("MeterValues MeterValues MeterValues");
    check_contains(std::string("MeterValues 4 is dropped: ") + (code + 6), rig.uart.take());
    rig.press();
    rig.assert_sequence("StopTransaction 1:Finishing");
  }
}

void charge_is_reported_in_order() {
  Rig rig;
  rig.settle();
  rig.sequence();
  rig.drive(pins::kVehicleReady, true);
  rig.gpio.drive(pins::kCable, true);
  rig.press();
  rig.assert_sequence("1:Preparing Authorize StartTransaction 1:Charging");
  rig.gpio.pulse(pins::kMeterPulse, 250);
  rig.pass(60'000);
  TEST_ASSERT_EQUAL_STRING("250", rig.last("MeterValues", "meterValue.0.sampledValue.0.value").c_str());
  TEST_ASSERT_EQUAL_STRING("100", rig.last("MeterValues", "transactionId").c_str());
  rig.gpio.pulse(pins::kMeterPulse, 50);
  rig.press();
  TEST_ASSERT_EQUAL_STRING("300", rig.last("StopTransaction", "meterStop").c_str());
  TEST_ASSERT_EQUAL_STRING("Local", rig.last("StopTransaction", "reason").c_str());
  rig.assert_sequence("MeterValues StopTransaction 1:Finishing");
  rig.drive(pins::kCable, false);
  rig.assert_sequence("1:Available");
}

void emergency_stop_is_reported_for_both_connectors() {
  Rig rig;
  rig.drive(pins::kVehicleReady, true);
  rig.drive(pins::kCable, true);
  rig.press();
  rig.sequence();
  rig.drive(pins::kEmergencyStop, true);
  TEST_ASSERT_EQUAL_STRING("EmergencyStop", rig.last("StopTransaction", "reason").c_str());
  TEST_ASSERT_EQUAL_STRING("OtherError", rig.last("StatusNotification", "errorCode").c_str());
  rig.assert_sequence("StopTransaction 0:Faulted 1:Faulted");
  rig.drive(pins::kEmergencyStop, false);
  rig.assert_sequence("0:Available 1:Finishing");
}

void rejected_id_tag_does_not_charge() {
  Rig rig;
  rig.settle();
  rig.sequence();
  rig.answers["Authorize"] = "{\"idTagInfo\":{\"status\":\"Blocked\"}}";
  rig.drive(pins::kCable, true);
  rig.press();
  rig.pass(1000);
  rig.assert_sequence("1:Preparing Authorize");
  rig.answers.clear();
  rig.answers["StartTransaction"] = "{\"idTagInfo\":{\"status\":\"Invalid\"},\"transactionId\":7}";
  rig.press();
  rig.pass(1000);
  TEST_ASSERT_EQUAL_STRING("DeAuthorized", rig.last("StopTransaction", "reason").c_str());
  TEST_ASSERT_EQUAL_STRING("7", rig.last("StopTransaction", "transactionId").c_str());
}

void offline_charge_is_reported_after_the_reconnect() {
  Rig rig;
  rig.settle();
  rig.sequence();
  rig.reachable = false;
  rig.lose_link();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.pass(120'000);
  rig.press();
  rig.drive(pins::kCable, false);
  rig.assert_sequence("");
  rig.reachable = true;
  rig.pass(1000);
  rig.assert_sequence("StartTransaction MeterValues MeterValues StopTransaction");
}

void power_cut_in_a_charge_is_reported_after_the_boot() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.gpio.pulse(pins::kMeterPulse, 40);
  rig.pass(60'000);
  rig.sequence();
  rig.boot();
  rig.settle();
  TEST_ASSERT_EQUAL_STRING("PowerLoss", rig.last("StopTransaction", "reason").c_str());
  TEST_ASSERT_EQUAL_STRING("40", rig.last("StopTransaction", "meterStop").c_str());
  rig.assert_sequence("BootNotification StopTransaction 0:Available 1:Preparing");
}

void charge_resumed_after_too_long_ends_when_that_is_known() {
  Rig too_long;
  assert_is("PowerLoss", charge_after_a_cut_of(too_long, "2024-05-01T12:12:00Z"));
  TEST_ASSERT_FALSE(too_long.gpio.read(pins::kContactor));
  Rig short_one;
  assert_is("open", charge_after_a_cut_of(short_one, "2024-05-01T12:05:00Z"));
  TEST_ASSERT_TRUE(short_one.gpio.read(pins::kContactor));
}

void console_status_is_complete() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.uart.take();
  rig.uart.type("status\r\n");
  rig.settle();
  check_contains(
      "= "
      "{\"state\":\"SuspendedEV\",\"accepted\":true,\"connected\":true,\"transaction\":100,\"energy_wh\":0,\"queue\":0,"
      "\"reporting\":\"possible\",\"lost_files\":[],\"contactor\":false,\"storage\":true,"
      "\"time_quality\":\"csms\",\"settings\":\"sound\","
      "\"security_profile\":0,\"network\":{\"state\":\"up\",\"ssid\":\"net\",\"rssi\":-60,\"channel\":6,"
      "\"bssid\":\"02:00:00:00:00:01\",\"ip\":\"192.168.4.2\",\"losses\":0,\"loss_reason\":0,"
      "\"setup_access_point\":false},\"connection_problem\":\"none\","
      "\"web\":{\"serving\":false,\"connections\":0,\"first_password\":false},"
      "\"power\":{\"state\":\"busy\",\"cpu_scaling\":false,\"modem_sleep\":false,\"light_sleep\":false,"
      "\"brownout_mv\":2700}}",
      rig.uart.take());
}

// A setting requires OCPP 1.6 section 3.7.1 literally: messages that the CSMS cannot process are discarded.
void charge_with_a_failed_start_continues_to_its_end() {
  for (const char* answer : {"Error InternalError", ""}) {
    Rig rig;
    rig.settle();
    rig.set("TransactionMessageRetryInterval", "1");
    rig.set("ConnectionTimeOut", "3600");
    rig.set("stop_transaction_on_start_given_up", "false");
    rig.gpio.drive(pins::kVehicleReady, true);
    rig.drive(pins::kCable, true);
    rig.answers["StartTransaction"] = answer;
    rig.sequence();
    rig.press();
    rig.pass(120'000);
    TEST_ASSERT_EQUAL_size_t(3 + 2, rig.received.size());  // attempts beside Authorize and Charging
    TEST_ASSERT_TRUE(rig.gpio.read(pins::kContactor));
    rig.answers.clear();
    rig.pass(Outbox::kHold);  // without an id its samples cannot be sent
    rig.sequence();
    rig.press();
    rig.pass(1'000);
    TEST_ASSERT_FALSE(rig.gpio.read(pins::kContactor));
    rig.assert_sequence("1:Finishing");
    rig.press();
    rig.pass(1'000);
    rig.assert_sequence("1:Preparing Authorize StartTransaction 1:Charging");
  }
}

void charge_with_a_failed_start_ends() {
  for (const char* answer : {"Error InternalError", ""}) {
    Rig rig;
    rig.settle();
    rig.set("TransactionMessageRetryInterval", "1");
    rig.gpio.drive(pins::kVehicleReady, true);
    rig.drive(pins::kCable, true);
    rig.answers["StartTransaction"] = answer;
    rig.press();
    rig.sequence();
    rig.pass(120'000);
    TEST_ASSERT_FALSE(rig.gpio.read(pins::kContactor));
    assert_is("Finishing", rig.last("StatusNotification", "status"));
    rig.answers.clear();
    rig.pass(Outbox::kHold);
    rig.sequence();
    rig.press();
    rig.pass(1'000);
    rig.assert_sequence("1:Preparing Authorize StartTransaction 1:Charging");
  }
}

}  // namespace

void run_charges_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(charge_with_a_failed_start_continues_to_its_end);
  RUN_TEST(charge_with_a_failed_start_ends);
  RUN_TEST(stop_for_which_the_csms_closes_does_not_block_the_next_charge);
  RUN_TEST(samples_that_the_csms_does_not_support_do_not_hold_up_the_stop);
  RUN_TEST(charge_is_reported_in_order);
  RUN_TEST(emergency_stop_is_reported_for_both_connectors);
  RUN_TEST(rejected_id_tag_does_not_charge);
  RUN_TEST(offline_charge_is_reported_after_the_reconnect);
  RUN_TEST(power_cut_in_a_charge_is_reported_after_the_boot);
  RUN_TEST(charge_resumed_after_too_long_ends_when_that_is_known);
  RUN_TEST(console_status_is_complete);
}
