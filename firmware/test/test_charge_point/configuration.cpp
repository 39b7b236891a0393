#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

void configuration_is_returned_whole_or_in_part() {
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

void numbers_are_accepted_up_to_their_limits() {
  struct Case {
    const char* key;
    int64_t least;
    int64_t most;
  };
  Rig rig;
  rig.settle();
  for (const Case& c : {Case{"ClockAlignedDataInterval", 0, 86'400}, Case{"ConnectionTimeOut", 1, 86'400},
                        Case{"HeartbeatInterval", 1, 86'400}, Case{"MaxEnergyOnInvalidId", 0, 1'000'000'000},
                        Case{"MeterValueSampleInterval", 0, 86'400}, Case{"MinimumStatusDuration", 0, 3'600},
                        Case{"ResetRetries", 0, 10}, Case{"TransactionMessageAttempts", 1, 100},
                        Case{"TransactionMessageRetryInterval", 0, 86'400}}) {
    for (const int64_t value : {c.least, c.most}) {
      assert_is("Accepted", change(rig, c.key, std::to_string(value)));
      assert_is(std::to_string(value).c_str(), get(rig, c.key));
    }
    for (const std::string& wrong :
         {std::to_string(c.least - 1), std::to_string(c.most + 1), std::to_string(c.least) + ".5", std::string(),
          std::string("0x10"), std::string(" 1"), std::string("soon"), std::string("999999999999")}) {
      TEST_ASSERT_EQUAL_STRING_MESSAGE("Rejected", change(rig, c.key, wrong).c_str(), wrong.c_str());
    }
    assert_is(std::to_string(c.most).c_str(), get(rig, c.key));
  }
}

void booleans_are_true_or_false_in_any_case() {
  Rig rig;
  rig.settle();
  for (const char* key : {"AllowOfflineTxForUnknownId", "AuthorizationCacheEnabled", "AuthorizeRemoteTxRequests",
                          "LocalAuthorizeOffline", "LocalPreAuthorize", "StopTransactionOnEVSideDisconnect",
                          "StopTransactionOnInvalidId", "UnlockConnectorOnEVSideDisconnect"}) {
    assert_is("Accepted", change(rig, key, "true"));
    assert_is("true", get(rig, key));
    assert_is("Accepted", change(rig, key, "False"));
    for (const char* wrong : {"1", "0", "yes", "", "perhaps"}) assert_is("Rejected", change(rig, key, wrong));
    assert_is("false", get(rig, key));
  }
}

void lists_accept_supported_values_once() {
  Rig rig;
  rig.settle();
  const std::string every = "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage";
  for (const std::string key :
       {"MeterValuesAlignedData", "MeterValuesSampledData", "StopTxnAlignedData", "StopTxnSampledData"}) {
    assert_is("4", get(rig, key + "MaxLength"));
    assert_is("Accepted", change(rig, key, every));
    assert_is(every.c_str(), get(rig, key));
    assert_is("Accepted", change(rig, key, ""));
    assert_is("", get(rig, key));
    assert_is("Accepted", change(rig, key, "Voltage, Current.Import"));
    for (const char* wrong : {"Voltage,Voltage", "Voltage,", "SoC", "Voltage;Current.Import"}) {
      assert_is("Rejected", change(rig, key, wrong));
    }
    assert_is("Voltage,Current.Import", get(rig, key));
  }
  assert_is("Rejected", change(rig, "ConnectorPhaseRotation", "7.RST"));
  for (const char* read_only : {"GetConfigurationMaxKeys", "NumberOfConnectors", "SupportedFeatureProfiles"}) {
    assert_is("Rejected", change(rig, read_only, get(rig, read_only)));
  }
}

void configuration_changes_are_not_accepted_before_they_are_stored() {
  Rig rig;
  rig.settle();
  rig.received.clear();
  rig.worker.hold = true;
  TEST_ASSERT_EQUAL_STRING("", change(rig, "MeterValueSampleInterval", "7").c_str());
  rig.worker.hold = false;
  rig.settle();
  check_contains("Accepted", rig.received.back().second);
}

constexpr const char* kKey = "000102030405060708090a0b0c0d0e0F";

void the_authorization_key_is_accepted_when_stored() {
  Rig rig;
  rig.settle();
  assert_is("Accepted", change(rig, "authorizationKEY", kKey));
  const std::string stored = rig.secrets.blobs["auth_key"];
  TEST_ASSERT_EQUAL_size_t(16, stored.size());
  TEST_ASSERT_EQUAL(15, stored.back());
  rig.settle();
  for (const std::string& wrong : {std::string(), std::string("0123"), std::string(kKey).substr(1),
                                   kKey + std::string(10, '0'), std::string(kKey).replace(5, 1, "x")}) {
    rig.uart.take();
    assert_is("Rejected", change(rig, "AuthorizationKey", wrong));
    const std::string log = rig.uart.take();
    check_contains("cp: the CSMS sets AuthorizationKey, which is rejected: it ", log);
    TEST_ASSERT_TRUE_MESSAGE(wrong.empty() || log.find(wrong) == std::string::npos, "the log has the secret");
    TEST_ASSERT_TRUE(rig.secrets.blobs["auth_key"] == stored);
  }
  rig.secrets.broken = true;
  assert_is("Rejected", change(rig, "AuthorizationKey", kKey));
}

void a_second_authorization_key_during_the_first_gets_an_error_to_retry() {
  Rig rig;
  rig.settle();
  const std::string payload = std::string(R"({"key":"AuthorizationKey","value":")") + kKey + "\"}";
  rig.worker.hold = true;
  assert_is("", rig.ask("ChangeConfiguration", payload));
  check_contains("[4,\"q\",\"InternalError\",", rig.ask("ChangeConfiguration", payload));
  rig.worker.hold = false;
  rig.settle();
  assert_is(status_answer("Accepted").c_str(), rig.last_answer());
  assert_is("Accepted", change(rig, "AuthorizationKey", kKey));
}

/// The whitepaper, section 2.2.2.
void the_csms_raises_the_security_profile_and_never_lowers_it() {
  Rig rig;
  rig.settle();
  rig.uart.take();
  assert_is("Rejected", change(rig, "SecurityProfile", "1"));
  check_contains("the CSMS sets SecurityProfile to 1, which is rejected: it needs an AuthorizationKey",
                 rig.uart.take());
  assert_is("Accepted", change(rig, "AuthorizationKey", kKey));
  assert_is("Accepted", change(rig, "SecurityProfile", "1"));
  rig.pass(30'000);  // the device connects again
  rig.uart.take();
  assert_is("Rejected", change(rig, "SecurityProfile", "0"));
  check_contains("SecurityProfile to 0, which is rejected: it is lower than the present one", rig.uart.take());
  assert_is("Rejected", change(rig, "SecurityProfile", "4"));
  check_contains("SecurityProfile to '4', which is rejected: it is too large", rig.uart.take());
  assert_is("Rejected", change(rig, "SecurityProfile", "none"));
  assert_is("1", get(rig, "SecurityProfile"));
}

void deferred_answer_is_dropped_with_its_connection() {
  Rig rig;
  rig.settle();
  rig.worker.hold = true;
  TEST_ASSERT_EQUAL_STRING("", change(rig, "MeterValueSampleInterval", "7").c_str());
  rig.lose_link();
  rig.worker.hold = false;
  rig.pass(1'000);
  for (const auto& one : rig.received) TEST_ASSERT_TRUE(one.first != "answer");
  assert_is("7", get(rig, "MeterValueSampleInterval"));
}

}  // namespace

void run_configuration_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(configuration_is_returned_whole_or_in_part);
  RUN_TEST(configuration_changes_are_accepted_when_stored);
  RUN_TEST(numbers_are_accepted_up_to_their_limits);
  RUN_TEST(booleans_are_true_or_false_in_any_case);
  RUN_TEST(lists_accept_supported_values_once);
  RUN_TEST(configuration_changes_are_not_accepted_before_they_are_stored);
  RUN_TEST(deferred_answer_is_dropped_with_its_connection);
  RUN_TEST(the_authorization_key_is_accepted_when_stored);
  RUN_TEST(a_second_authorization_key_during_the_first_gets_an_error_to_retry);
  RUN_TEST(the_csms_raises_the_security_profile_and_never_lowers_it);
}
