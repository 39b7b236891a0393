#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

void configuration_is_told_whole_or_in_part() {
  Rig rig;
  rig.settle();
  const std::string all = rig.ask("GetConfiguration", "{}");
  check_contains("{\"key\":\"NumberOfConnectors\",\"readonly\":true,\"value\":\"1\"}", all);
  check_contains("{\"key\":\"HeartbeatInterval\",\"readonly\":false,\"value\":\"300\"}", all);
  check_contains("{\"key\":\"SupportedFeatureProfiles\",\"readonly\":true", all);
  TEST_ASSERT_TRUE(all.find("unknownKey") == std::string::npos);
  TEST_ASSERT_TRUE(all.find("wifi") == std::string::npos);
  TEST_ASSERT_TRUE(all == rig.ask("GetConfiguration", "{\"key\":[]}"));
  assert_is(
      "[3,\"q\",{\"configurationKey\":[{\"key\":\"NumberOfConnectors\",\"readonly\":true,\"value\":\"1\"}],"
      "\"unknownKey\":[\"Colour\",\"wifi_psk\"]}]",
      rig.ask("GetConfiguration", "{\"key\":[\"Colour\",\"numberofconnectors\",\"wifi_psk\"]}"));
  std::string keys;
  for (uint32_t i = 0; i < Config::kMaxKeysOfRequest; ++i) keys += "\"HeartbeatInterval\",";
  check_contains("[3,", rig.ask("GetConfiguration", "{\"key\":[" + keys.substr(0, keys.size() - 1) + "]}"));
  check_contains("OccurenceConstraintViolation", rig.ask("GetConfiguration", "{\"key\":[" + keys + "\"One\"]}"));
  check_contains("PropertyConstraintViolation",
                 rig.ask("GetConfiguration", "{\"key\":[\"" + std::string(51, 'k') + "\"]}"));
}

void configuration_changes_are_accepted_when_stored() {
  Rig rig;
  rig.settle();
  assert_is("Accepted", change(rig, "MeterValueSampleInterval", "7"));
  assert_is("7", get(rig, "MeterValueSampleInterval"));
  assert_is("RebootRequired", change(rig, "WebSocketPingInterval", "20"));
  assert_is("NotSupported", change(rig, "meter_value_sample_interval_s", "7"));
  assert_is("NotSupported", change(rig, "Colour", "red"));
  assert_is("Rejected", change(rig, "NumberOfConnectors", "2"));
  rig.uart.take();
  assert_is("Rejected", change(rig, "HeartbeatInterval", "never"));
  check_contains("W (0) cp: the CSMS sets HeartbeatInterval to 'never', which is rejected: it must be a whole number",
                 rig.uart.take());
  rig.boot();
  rig.settle();
  assert_is("7", get(rig, "MeterValueSampleInterval"));
  assert_is("20", get(rig, "WebSocketPingInterval"));
}

void configuration_changes_are_not_accepted_before_they_are_stored() {
  Rig rig;
  rig.settle();
  rig.heard.clear();
  rig.worker.hold = true;
  TEST_ASSERT_EQUAL_STRING("", change(rig, "MeterValueSampleInterval", "7").c_str());
  rig.worker.hold = false;
  rig.settle();
  check_contains("Accepted", rig.heard.back().second);
}

void late_answer_does_not_outlive_its_connection() {
  Rig rig;
  rig.settle();
  rig.worker.hold = true;
  TEST_ASSERT_EQUAL_STRING("", change(rig, "MeterValueSampleInterval", "7").c_str());
  rig.lose_link();
  rig.worker.hold = false;
  rig.pass(1'000);
  for (const auto& one : rig.heard) TEST_ASSERT_TRUE(one.first != "answer");
  assert_is("7", get(rig, "MeterValueSampleInterval"));
}

}  // namespace

void run_configuration_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(configuration_is_told_whole_or_in_part);
  RUN_TEST(configuration_changes_are_accepted_when_stored);
  RUN_TEST(configuration_changes_are_not_accepted_before_they_are_stored);
  RUN_TEST(late_answer_does_not_outlive_its_connection);
}
