// Each rule finds its violation in a hand-made history.
#include "powercut/invariants.h"
#include "suites.h"
#include "support/check.h"

using namespace pb::powercut;

namespace {

std::string message(const char* id, const char* action, const std::string& payload) {
  return std::string("[2,\"") + id + "\",\"" + action + "\"," + payload + "]";
}
std::string start(const char* id, int wh = 0, const char* time = "12:00:00") {
  return message(id, "StartTransaction",
                 R"({"connectorId":1,"idTag":"TAG","meterStart":)" + std::to_string(wh) +
                     R"(,"timestamp":"2024-05-01T)" + time + "Z\"}");
}
std::string sample(const char* id, int wh, const char* time = "12:00:01") {
  return message(id, "MeterValues",
                 R"({"connectorId":1,"transactionId":101,"meterValue":[{"timestamp":"2024-05-01T)" + std::string(time) +
                     R"(Z","sampledValue":[{"value":")" + std::to_string(wh) + "\"}]}]}");
}
std::string stop(const char* id, int wh, const char* time = "12:00:02") {
  return message(
      id, "StopTransaction",
      R"({"transactionId":101,"meterStop":)" + std::to_string(wh) + R"(,"timestamp":"2024-05-01T)" + time + "Z\"}");
}

/// Separates the messages of two connections.
const std::string kReconnect;

void take(World& world, const std::vector<std::string>& messages) {
  for (const std::string& each : messages) {
    if (each == kReconnect) {
      world.csms.connected();
    } else {
      world.csms.take(each, world.now, 1);
    }
  }
}

/// A history with 10 Wh for one idTag.
World with(const std::vector<std::string>& messages) {
  World world;
  world.energy_wh = 10;
  world.energy_by_tag["TAG"] = 10;
  take(world, messages);
  check_history(world);
  return world;
}

void check_breaks(const char* rule, const std::vector<std::string>& messages) {
  const World world = with(messages);
  std::string broken;
  for (const Violation& violation : world.violations) broken += violation.rule + " ";
  pb::check_contains(rule, broken);
}

void a_valid_history_breaks_no_rule() {
  const std::vector<std::string> messages = {start("a-1"), sample("b-2.0", 4), sample("b-2.1", 8, "12:00:02"),
                                             stop("c-3", 10)};
  TEST_ASSERT_EQUAL_size_t(0, with(messages).violations.size());
  // Resent with its id, also with the suffix of a resend on the same connection.
  std::vector<std::string> repeated = messages;
  repeated.insert(repeated.end(), {stop("c-3-2", 10), kReconnect, start("a-1"), start("a-1-2")});
  TEST_ASSERT_EQUAL_size_t(0, with(repeated).violations.size());
}

void messages_are_sent_once_in_order_and_unchanged() {
  check_breaks("resent-differently", {start("a-1"), start("a-1", 0, "12:00:01"), stop("b-2", 10)});
  check_breaks("number-reused", {start("a-1"), stop("b-1", 10)});
  check_breaks("number-skipped", {start("a-1"), stop("b-3", 10)});
  check_breaks("number-skipped", {start("a-1"), sample("b-2.1", 4), stop("c-3", 10)});
  check_breaks("order", {start("a-2"), stop("b-1", 10)});
  check_breaks("order", {start("a-1"), stop("b-2", 10), sample("c-3.0", 10)});
  check_breaks("order", {sample("a-1.0", 4), start("b-2", 4), stop("c-3", 10)});
  check_breaks("started-twice", {start("a-1"), stop("b-2", 10), start("c-3", 10)});
  check_breaks("stopped-twice", {start("a-1"), stop("b-2", 10), stop("c-3", 10)});
  check_breaks("sampled-twice", {start("a-1"), sample("b-2.0", 4), sample("c-3.0", 4), stop("d-4", 10)});
  check_breaks("left-open", {start("a-1"), sample("b-2.0", 10)});
}

void ids_are_used_once_on_a_connection_and_again_on_the_next() {
  check_breaks("id-reused", {start("a-1"), start("a-1"), stop("b-2", 10)});
  check_breaks("id-reused", {start("a-1"), start("a-1-2"), start("a-1-2"), stop("b-2", 10)});
  check_breaks("id-changed", {start("a-1"), kReconnect, start("a-1-2"), stop("b-2", 10)});
  check_breaks("id-changed", {start("a-1"), stop("b-2-3", 10)});
}

void times_are_known_and_increase() {
  check_breaks("stop-before-start", {start("a-1"), stop("b-2", 10, "11:59:59")});
  check_breaks("sample-before-start", {start("a-1"), sample("b-2.0", 4, "11:59:59"), stop("c-3", 10)});
  check_breaks("start-before-stop", {start("a-1"), stop("b-2", 10), start("c-3", 10, "12:00:01")});
  std::string unknown = start("a-1");
  unknown.replace(unknown.find("2024"), 4, "1970");
  check_breaks("no-time", {unknown, stop("b-2", 10)});
}

void energy_is_reported_completely() {
  check_breaks("unreported", {});
  check_breaks("over-reported", {start("a-1"), stop("b-2", 11)});
  check_breaks("under-reported", {start("a-1"), stop("b-2", 9)});
  check_breaks("register-decreases", {start("a-1"), sample("b-2.0", 11), stop("c-3", 10)});
}

void energy_just_before_an_outage_may_be_missing() {
  World world;
  world.energy_by_tag["TAG"] = 60;
  world.outages = 1;
  take(world, {start("a-1"), stop("b-2", 35)});
  check_history(world);
  TEST_ASSERT_EQUAL_size_t(0, world.violations.size());
  world.energy_by_tag["TAG"] = 61;
  check_history(world);
  TEST_ASSERT_EQUAL_STRING("under-reported", world.violations.at(0).rule.c_str());
}

void stored_value_is_the_acknowledged_or_the_new_one() {
  World world;
  world.acknowledge("key", "old");
  world.change("key", "new");
  world.observe("key", "new");
  TEST_ASSERT_EQUAL_size_t(0, world.violations.size());
  // The observed value is final.
  world.observe("key", "old");
  TEST_ASSERT_EQUAL_STRING("stored-value", world.violations.at(0).rule.c_str());
}

void unsent_stored_sample_is_found() {
  World world = with({start("a-1"), sample("b-2.0", 4), stop("c-3", 10)});
  world.stored_samples = {"b-2.0"};
  check_history(world);
  TEST_ASSERT_EQUAL_size_t(0, world.violations.size());
  world.stored_samples = {"b-2.0", "b-2.1"};
  check_history(world);
  TEST_ASSERT_EQUAL_size_t(1, world.violations.size());
  TEST_ASSERT_EQUAL_STRING("sample-missing", world.violations[0].rule.c_str());
}

void missing_message_of_an_image_is_found() {
  World world = with({start("a-1"), sample("b-2.0", 4), stop("c-3", 10)});
  world.due = {{"StopTransaction", "\"meterStop\":10,"}};
  check_history(world);
  TEST_ASSERT_EQUAL_size_t(0, world.violations.size());
  world.due = {{"StopTransaction", "\"meterStop\":11,"}};
  check_history(world);
  TEST_ASSERT_EQUAL_STRING("message-missing", world.violations.at(0).rule.c_str());
}

void energy_after_an_acknowledged_end_is_found() {
  World world;
  world.id_tag = "TAG";
  world.acknowledge("ended", "");
  world.change("ended", "TAG");
  world.flow();
  TEST_ASSERT_EQUAL_size_t(0, world.violations.size());
  world.acknowledge("ended", "TAG");
  world.flow();
  TEST_ASSERT_EQUAL_STRING("energy-after-end", world.violations.at(0).rule.c_str());
}

void leftover_files_and_blocks_are_found() {
  World world(32);
  const Files before = list_files(world.flash);
  fill_flash(world.flash);
  check_files(world, before);
  TEST_ASSERT_EQUAL_STRING("file-left", world.violations.at(0).rule.c_str());
  TEST_ASSERT_EQUAL_STRING("space-leaks", world.violations.back().rule.c_str());
}

}  // namespace

void pb::test_rules() {
  RUN_TEST(a_valid_history_breaks_no_rule);
  RUN_TEST(messages_are_sent_once_in_order_and_unchanged);
  RUN_TEST(ids_are_used_once_on_a_connection_and_again_on_the_next);
  RUN_TEST(times_are_known_and_increase);
  RUN_TEST(energy_is_reported_completely);
  RUN_TEST(energy_just_before_an_outage_may_be_missing);
  RUN_TEST(stored_value_is_the_acknowledged_or_the_new_one);
  RUN_TEST(unsent_stored_sample_is_found);
  RUN_TEST(missing_message_of_an_image_is_found);
  RUN_TEST(energy_after_an_acknowledged_end_is_found);
  RUN_TEST(leftover_files_and_blocks_are_found);
}
