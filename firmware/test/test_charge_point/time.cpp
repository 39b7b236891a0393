// A CSMS that sends no usable time: the device requests it, and shows that charges are not reported.
#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

std::string accepted_at(const std::string& current_time, const char* interval = "86400") {
  return "{\"status\":\"Accepted\",\"interval\":" + std::string(interval) + ",\"currentTime\":" + current_time + "}";
}

size_t count_received(const Rig& rig, const char* action) {
  size_t count = 0;
  for (const auto& one : rig.received) count += one.first == action ? 1u : 0u;
  return count;
}

/// Measures how long the network LED is lit per second, in milliseconds.
Millis network_led_lit(Rig& rig) {
  Millis lit = 0;
  for (int step = 0; step < 100; ++step) {
    rig.pass(10);
    lit += rig.gpio.read(pins::kLedNetwork) ? 10u : 0u;
  }
  return lit;
}

/// Verifies that console and LED show whether the charge is reported.
void assert_reporting(Rig& rig, const char* expected) {
  assert_is(expected, console_status(rig, "reporting"));
  const bool is_reported = std::string(expected) == "possible";
  TEST_ASSERT_EQUAL_UINT64_MESSAGE(is_reported ? 1'000 : 900, network_led_lit(rig), expected);
}

void any_form_of_iso_8601_is_accepted_and_charges_are_reported() {
  for (const char* sent_time :
       {"2026-11-28T10:00:00", "2026-11-28T10:00:00+0000", "2026-11-28T10:00Z", "20261128T100000,0",
        "2026-W48-6t10:00:00.000000000z", "2026-11-28 12:00+02", "2026\\u002d11-28T10\\u003A00:00Z"}) {
    Rig rig;
    rig.answers["BootNotification"] = accepted_at("\"" + std::string(sent_time) + "\"");
    rig.settle();
    rig.drive(pins::kCable, true);
    rig.press();
    TEST_ASSERT_EQUAL_STRING_MESSAGE("2026-11-28T10:00:00.100Z", rig.last("StartTransaction", "timestamp").c_str(),
                                     sent_time);
    assert_is("possible", console_status(rig, "reporting"));
  }
}

void after_an_unusable_time_a_heartbeat_requests_it_and_charges_are_reported() {
  for (const char* sent_time :
       {"null", "\"now\"", "\"2026-11-31T10:00:00Z\"", "\"1970-01-01T00:00:00Z\"", "1795860000", "\"1795860000\"",
        "\"0001-01-01T00:00:00\"", "\"2026-11-28T10:00:00Z[UTC]\"", "[\"2026-11-28T10:00:00Z\"]"}) {
    Rig rig;
    rig.answers["BootNotification"] = accepted_at(sent_time);
    rig.settle();
    rig.drive(pins::kCable, true);
    rig.press();
    TEST_ASSERT_EQUAL_size_t_MESSAGE(0, count_received(rig, "StartTransaction"), sent_time);
    rig.pass(ChargePoint::kRequestTimeFirst);
    TEST_ASSERT_EQUAL_size_t_MESSAGE(1, count_received(rig, "Heartbeat"), sent_time);
    TEST_ASSERT_EQUAL_STRING_LEN("2024-05-01T12:59:5", rig.last("StartTransaction", "timestamp").c_str(), 18);
    rig.pass(3'600'000);
    TEST_ASSERT_EQUAL_size_t_MESSAGE(1, count_received(rig, "Heartbeat"), sent_time);
  }
}

void heartbeats_that_request_the_time_have_backoff() {
  for (const char* answer : {"{}", "{\"currentTime\":\"soon\"}", "", "Error InternalError"}) {
    Rig rig;
    rig.answers["BootNotification"] = accepted_at("null");
    rig.answers["Heartbeat"] = answer;
    rig.settle();
    rig.pass(3'600'000);
    const size_t first_hour = count_received(rig, "Heartbeat");
    TEST_ASSERT_GREATER_THAN_size_t_MESSAGE(12, first_hour, answer);
    TEST_ASSERT_LESS_THAN_size_t_MESSAGE(30, first_hour, answer);
    assert_is("0", console_status(rig, "queue"));
    rig.answers["Heartbeat"] = "{\"currentTime\":\"2024-05-01T13:00:00Z\"}";
    rig.pass(ChargePoint::kRequestTimeLongest + Messenger::kCallTimeout);
    assert_is("csms", console_status(rig, "time_quality"));
  }
}

void time_of_a_triggered_boot_ends_the_requests() {
  Rig rig;
  rig.answers["BootNotification"] = accepted_at("null");
  rig.settle();
  rig.answers["BootNotification"] = accepted_at("\"2026-11-28T10:00:00Z\"");
  assert_is("Accepted", trigger(rig, "\"BootNotification\""));
  assert_is("csms", console_status(rig, "time_quality"));
  rig.pass(3'600'000);
  TEST_ASSERT_EQUAL_size_t(0, count_received(rig, "Heartbeat"));
}

void shorter_heartbeat_interval_applies_during_time_requests() {
  Rig rig;
  rig.answers["BootNotification"] = accepted_at("null", "20");
  rig.answers["Heartbeat"] = "{}";
  rig.settle();
  rig.pass(600'000);
  rig.sequence();
  rig.pass(200'000);
  TEST_ASSERT_EQUAL_size_t(10, count_received(rig, "Heartbeat"));
}

void unreadable_time_of_a_heartbeat_keeps_the_clock() {
  Rig rig;
  rig.answers["BootNotification"] = accepted_at("\"2026-11-28T10:00:00Z\"", "100");
  rig.answers["Heartbeat"] = "{\"currentTime\":7}";
  rig.settle();
  rig.pass(100'000);
  rig.sequence();
  rig.drive(pins::kCable, true);
  assert_is("2026-11-28T10:01:40.000Z", rig.last("StatusNotification", "timestamp"));
  rig.pass(99'999);
  TEST_ASSERT_EQUAL_size_t(0, count_received(rig, "Heartbeat"));
}

/// The stored time is 50 minutes older than the last charge, and the CSMS sends no time after the restart.
void clock_of_a_restart_continues_from_the_last_charge() {
  Rig rig;
  rig.answers["Heartbeat"] = "{}";
  rig.settle();
  rig.pass(3'000'000);
  rig.drive(pins::kCable, true);
  rig.press();
  rig.press();
  const std::string stopped = rig.last("StopTransaction", "timestamp");
  rig.answers["BootNotification"] = "{\"status\":\"Accepted\",\"interval\":300}";
  rig.boot();
  rig.settle();
  rig.sequence();
  rig.press();
  TEST_ASSERT_TRUE_MESSAGE(stopped <= rig.last("StartTransaction", "timestamp"), stopped.c_str());
}

void charge_without_a_time_is_shown_as_not_reported() {
  Rig rig;
  rig.answers["BootNotification"] = accepted_at("\"28.11.2026\"");
  rig.answers["Heartbeat"] = "{}";
  rig.gpio.drive(pins::kVehicleReady, true);
  rig.settle();
  rig.drive(pins::kCable, true);
  check_contains("no usable currentTime (\"28.11.2026\")", rig.uart.written());
  rig.press();
  check_contains("cannot be reported until the time is known", rig.uart.written());
  TEST_ASSERT_TRUE(rig.gpio.read(pins::kContactor));
  assert_reporting(rig, "no_time");
  rig.answers.clear();
  rig.pass(ChargePoint::kRequestTimeLongest);
  assert_reporting(rig, "possible");
}

/// The start is rejected, or held for a late answer.
void charge_with_a_failed_start_is_shown_as_not_reported() {
  for (const char* answer : {"Error InternalError", ""}) {
    Rig rig;
    rig.set("TransactionMessageRetryInterval", "1");
    rig.set("stop_transaction_on_start_given_up", "false");
    rig.set("ConnectionTimeOut", "3600");
    rig.answers["StartTransaction"] = answer;
    rig.settle();
    rig.drive(pins::kCable, true);
    rig.press();
    assert_is("possible", console_status(rig, "reporting"));
    rig.pass(120'000);
    assert_reporting(rig, "given_up");
    rig.press();
    assert_reporting(rig, "possible");
  }
}

}  // namespace

void run_time_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(any_form_of_iso_8601_is_accepted_and_charges_are_reported);
  RUN_TEST(after_an_unusable_time_a_heartbeat_requests_it_and_charges_are_reported);
  RUN_TEST(heartbeats_that_request_the_time_have_backoff);
  RUN_TEST(time_of_a_triggered_boot_ends_the_requests);
  RUN_TEST(shorter_heartbeat_interval_applies_during_time_requests);
  RUN_TEST(unreadable_time_of_a_heartbeat_keeps_the_clock);
  RUN_TEST(clock_of_a_restart_continues_from_the_last_charge);
  RUN_TEST(charge_without_a_time_is_shown_as_not_reported);
  RUN_TEST(charge_with_a_failed_start_is_shown_as_not_reported);
}
