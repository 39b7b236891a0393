// Answers of the CSMS with an unreadable field: the other fields still count.
#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

constexpr Millis kRetry = 60'000;  // TransactionMessageRetryInterval, the default

/// Starts a charge of a ready vehicle; its StartTransaction gets this answer.
void charge_answered_with(Rig& rig, const std::string& start_answer) {
  rig.gpio.drive(pins::kVehicleReady, true);
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.answers["StartTransaction"] = start_answer;
  rig.sequence();
  rig.press();
  rig.pass(1'000);
}

void rejection_without_a_readable_transaction_id_ends_the_charge() {
  for (const char* id : {"null", "\"\"", "\"47x\"", "47.5", "[47]", "true", "99999999999999999999"}) {
    Rig rig;
    charge_answered_with(rig, "{\"transactionId\":" + std::string(id) + ",\"idTagInfo\":{\"status\":\"Invalid\"}}");
    TEST_ASSERT_FALSE_MESSAGE(rig.gpio.read(pins::kContactor), id);
    rig.answers["StartTransaction"] = "{\"transactionId\":47,\"idTagInfo\":{\"status\":\"Invalid\"}}";
    rig.pass(kRetry);
    assert_is("47", rig.last("StopTransaction", "transactionId"));
    assert_is("DeAuthorized", rig.last("StopTransaction", "reason"));
  }
}

void rejection_without_a_transaction_id_ends_the_charge() {
  Rig rig;
  charge_answered_with(rig, "{\"idTagInfo\":{\"status\":\"Blocked\"}}");
  TEST_ASSERT_FALSE(rig.gpio.read(pins::kContactor));
}

void late_rejection_without_a_transaction_id_ends_the_charge() {
  Rig rig;
  charge_answered_with(rig, "");
  rig.pass(Messenger::kCallTimeout);
  TEST_ASSERT_TRUE(rig.gpio.read(pins::kContactor));
  rig.peer.send("[3,\"" + rig.ids["StartTransaction"] + "\",{\"idTagInfo\":{\"status\":\"Invalid\"}}]");
  rig.settle();
  TEST_ASSERT_FALSE(rig.gpio.read(pins::kContactor));
}

void start_without_a_transaction_id_is_resent() {
  for (const char* answer :
       {"{\"transactionId\":null,\"idTagInfo\":{\"status\":\"Accepted\"}}", "{\"idTagInfo\":null}", "{}"}) {
    Rig rig;
    charge_answered_with(rig, answer);
    TEST_ASSERT_TRUE_MESSAGE(rig.gpio.read(pins::kContactor), answer);
    rig.answers.clear();
    rig.pass(kRetry);
    assert_is("100", console_status(rig, "transaction"));
  }
}

/// For JSON Schema from draft 6 on each of these numbers is an integer.
void transaction_id_may_be_any_number_with_an_integer_value() {
  const struct {
    const char* written;
    const char* read;
  } kIds[] = {{"\"4711\"", "4711"},
              {"4711.0", "4711"},
              {"4711.000", "4711"},
              {"1e3", "1000"},
              {"1.5E+2", "150"},
              {"100e-2", "1"},
              {"-1", "-1"},
              {"0e999", "0"},
              {"2147483648", "2147483648"},
              {"-9223372036854775808", "-9223372036854775808"},
              {"1000000000000000000000e-18", "1000"}};
  for (const auto& id : kIds) {
    Rig rig;
    const std::string written = id.written;
    charge_answered_with(rig, "{\"transactionId\":" + written + ",\"idTagInfo\":{\"status\":\"Accepted\"}}");
    assert_is(id.read, console_status(rig, "transaction"));
    rig.press();
    assert_is(id.read, rig.last("StopTransaction", "transactionId"));
  }
}

void transaction_id_without_an_integer_value_is_none() {
  for (const char* id :
       {"1.5", "1e-1", "1e30", "9223372036854775808", "1e99999999999999999999", "true", "\"\"", "[1]"}) {
    Rig rig;
    charge_answered_with(rig, "{\"transactionId\":" + std::string(id) + ",\"idTagInfo\":{\"status\":\"Accepted\"}}");
    rig.answers.clear();
    rig.pass(kRetry);
    TEST_ASSERT_EQUAL_STRING_MESSAGE("100", console_status(rig, "transaction").c_str(), id);
  }
}

void start_answer_without_accepted_rejects_the_id_tag() {
  for (const char* info : {"", ",\"idTagInfo\":null", ",\"idTagInfo\":\"Accepted\"", ",\"idTagInfo\":{}",
                           ",\"idTagInfo\":{\"status\":null}", ",\"idTagInfo\":{\"status\":\"Perhaps\"}",
                           ",\"idTagInfo\":{\"status\":\"NotAcceptedAtThisLocation\"}"}) {
    Rig rig;
    charge_answered_with(rig, "{\"transactionId\":5" + std::string(info) + "}");
    TEST_ASSERT_FALSE_MESSAGE(rig.gpio.read(pins::kContactor), info);
    assert_is("5", rig.last("StopTransaction", "transactionId"));
  }
}

/// Any character of a JSON string may be an escape sequence, in names too. The first of two members counts.
void names_and_values_of_an_answer_may_be_escaped() {
  struct {
    const char* answer;
    const char* transaction;
  } const kCases[] = {
      {R"({"\u0074ransactionId":47,"idTagInfo":{"status":"\u0041ccepted"}})", "47"},
      {R"({"transactionId":47,"id\u0054agInfo":{"st\u0061tus":"Blocked"}})", "null"},
      {R"({"transactionId":"\u00347","idTagInfo":{"status":"Accepted","parentIdTag":"\ud83d\udd0c"}})", "47"},
      {"{ \"idTagInfo\" : {\t\"status\": \"Accepted\" } ,\r\n \"transactionId\" : 47 }", "47"},
      {R"({"transactionId":47,"transactionId":48,"idTagInfo":{"status":"Accepted","status":"Blocked"}})", "47"},
  };
  for (const auto& one : kCases) {
    Rig rig;
    charge_answered_with(rig, one.answer);
    TEST_ASSERT_EQUAL_STRING_MESSAGE(one.transaction, console_status(rig, "transaction").c_str(), one.answer);
  }
}

void authorize_is_decided_by_its_status_alone() {
  for (const char* rest :
       {"\"expiryDate\":\"2025/01/01\"", "\"expiryDate\":7", "\"parentIdTag\":7", "\"parentIdTag\":{}"}) {
    for (const char* status : {"Accepted", "Blocked"}) {
      Rig rig;
      rig.answers["Authorize"] = "{\"idTagInfo\":{" + std::string(rest) + ",\"status\":\"" + status + "\"}}";
      rig.settle();
      rig.drive(pins::kCable, true);
      rig.press();
      assert_is(status == std::string("Accepted") ? "100" : "null", console_status(rig, "transaction"));
    }
  }
}

// An Accepted with an unreadable expiryDate counts once.
void offline_an_unreadable_expiry_date_has_passed() {
  Rig rig;
  rig.set("AuthorizationCacheEnabled", "true");
  rig.answers["Authorize"] = "{\"idTagInfo\":{\"status\":\"Accepted\",\"expiryDate\":\"2025/01/01\"}}";
  rig.answers["StartTransaction"] =
      "{\"transactionId\":5,\"idTagInfo\":{\"status\":\"Accepted\",\"expiryDate\":\"2025/01/01\"}}";
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  assert_is("5", console_status(rig, "transaction"));
  rig.press();
  go_offline(rig);
  rig.press();
  assert_is("null", console_status(rig, "transaction"));
}

void stop_answer_without_id_tag_info_keeps_the_cache() {
  struct {
    const char* answer;
    const char* charges_offline;
  } const kCases[] = {{"{}", "0"},
                      {"{\"idTagInfo\":null}", "0"},
                      {"{\"idTagInfo\":{\"status\":7}}", "null"},
                      {"{\"idTagInfo\":{\"status\":\"Invalid\",\"expiryDate\":7}}", "null"}};
  for (const auto& one : kCases) {
    Rig rig;
    rig.set("AuthorizationCacheEnabled", "true");
    rig.answers["StopTransaction"] = one.answer;
    rig.settle();
    rig.drive(pins::kCable, true);
    rig.press();
    rig.press();
    go_offline(rig);
    rig.press();
    TEST_ASSERT_EQUAL_STRING_MESSAGE(one.charges_offline, console_status(rig, "transaction").c_str(), one.answer);
  }
}

void boot_answer_without_a_readable_interval_is_accepted() {
  struct {
    const char* interval;
    const char* heartbeat_s;
  } const kCases[] = {{"null", "300"}, {"\"soon\"", "300"}, {"-1", "300"},  {"45.5", "300"},
                      {"{}", "300"},   {"\"45\"", "45"},    {"45.0", "45"}, {"99999999999999999999999", "300"}};
  for (const auto& one : kCases) {
    Rig rig;
    rig.answers["BootNotification"] = "{\"interval\":" + std::string(one.interval) +
                                      ",\"status\":\"Accepted\",\"currentTime\":\"2024-05-01T12:00:00Z\"}";
    rig.settle();
    assert_is("true", console_status(rig, "accepted"));
    assert_is("csms", console_status(rig, "time_quality"));
    assert_is(one.heartbeat_s, get(rig, "HeartbeatInterval"));
  }
}

void boot_answer_without_a_readable_status_sets_time_and_interval() {
  for (const char* status : {"", "\"status\":null,", "\"status\":\"accepted?\",", "\"status\":true,"}) {
    Rig rig;
    rig.answers["BootNotification"] =
        "{" + std::string(status) + "\"interval\":20,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
    rig.settle();
    assert_is("false", console_status(rig, "accepted"));
    assert_is("csms", console_status(rig, "time_quality"));
    rig.sequence();
    rig.pass(19'999);
    rig.assert_sequence("");
    rig.pass(1);
    rig.assert_sequence("BootNotification");
  }
}

void any_answer_to_a_data_transfer_is_shown() {
  for (const char* answer : {"{}", "{\"status\":null,\"data\":\"x\"}", "{\"status\":\"Accepted\",\"data\":7}"}) {
    Rig rig;
    rig.answers["DataTransfer"] = answer;
    rig.settle();
    rig.uart.take();
    rig.uart.type("transfer Acme\r\n");
    rig.settle();
    check_contains("= " + std::string(answer), rig.uart.take());
  }
}

}  // namespace

void run_answers_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(rejection_without_a_readable_transaction_id_ends_the_charge);
  RUN_TEST(rejection_without_a_transaction_id_ends_the_charge);
  RUN_TEST(late_rejection_without_a_transaction_id_ends_the_charge);
  RUN_TEST(start_without_a_transaction_id_is_resent);
  RUN_TEST(transaction_id_may_be_any_number_with_an_integer_value);
  RUN_TEST(transaction_id_without_an_integer_value_is_none);
  RUN_TEST(start_answer_without_accepted_rejects_the_id_tag);
  RUN_TEST(names_and_values_of_an_answer_may_be_escaped);
  RUN_TEST(authorize_is_decided_by_its_status_alone);
  RUN_TEST(offline_an_unreadable_expiry_date_has_passed);
  RUN_TEST(stop_answer_without_id_tag_info_keeps_the_cache);
  RUN_TEST(boot_answer_without_a_readable_interval_is_accepted);
  RUN_TEST(boot_answer_without_a_readable_status_sets_time_and_interval);
  RUN_TEST(any_answer_to_a_data_transfer_is_shown);
}
