// Tests of the power-cut runner itself: it finds a planted violation, and its id replays it.
#include "powercut/runner.h"
#include "suites.h"
#include "support/check.h"

using namespace pb;
using namespace pb::powercut;

void setUp() {}
void tearDown() {}

namespace {

void prepare(Device& device) {
  device.power_on();
  provision(device);
}

/// A test that counts on a setting before the device has acknowledged it.
void acknowledge_too_early(Device& device) {
  device.power_on();
  device.world().acknowledge("local_id_tag", "EARLY");
  device.set("local_id_tag", "EARLY");
}
constexpr Scenario kTrusting{"trusting", &prepare, &acknowledge_too_early};

void set_a_setting(Device& device) {
  device.power_on();
  device.set("local_id_tag", "LATER");
}
constexpr Scenario kSound{"sound", &prepare, &set_a_setting};

/// The CSMS receives a StartTransaction without a charge, also in the run without a cut.
void invent_a_transaction(Device& device) {
  device.power_on();
  device.world().csms.take(R"([2,"0badcafe-9","StartTransaction",{"connectorId":1,"idTag":"NOBODY","meterStart":0,)"
                           R"("timestamp":"2024-05-01T12:00:00Z"}])",
                           device.world().now, 1);
  device.set("local_id_tag", "LATER");
}
constexpr Scenario kInventing{"inventing", &prepare, &invent_a_transaction};

std::vector<Finding> explore(const Scenario& scenario, Extent extent, Tally& tally) {
  std::vector<Finding> findings;
  tally = Runner(scenario, extent.seed).explore(extent, [&findings](const Finding& each) { findings.push_back(each); });
  return findings;
}

void a_planted_violation_is_found_and_replayed_by_its_id() {
  Tally tally;
  const std::vector<Finding> findings = explore(kTrusting, {}, tally);
  TEST_ASSERT_TRUE(findings.size() > 0);
  for (const Finding& finding : findings) {
    TEST_ASSERT_EQUAL_STRING("stored-value", finding.violation.rule.c_str());
    RunId id;
    std::string complaint;
    TEST_ASSERT_TRUE(id.parse(finding.id, complaint));
    const std::vector<Violation> again = Runner(kTrusting, id.seed).replay(id.cuts);
    TEST_ASSERT_EQUAL_size_t(1, again.size());
    TEST_ASSERT_EQUAL_STRING(finding.violation.text.c_str(), again[0].text.c_str());
  }
}

void a_violation_without_a_cut_is_found() {
  Tally tally;
  const std::vector<Finding> findings = explore(kInventing, {}, tally);
  TEST_ASSERT_TRUE(findings.size() > 0);
  TEST_ASSERT_EQUAL_STRING("inventing:s1", findings[0].id.c_str());
  TEST_ASSERT_TRUE(tally.rules["left-open"] > 0);
}

void every_operation_is_cut_with_every_effect_and_every_recovery_again() {
  Tally tally;
  Extent all;
  all.nested = 1'000'000;
  TEST_ASSERT_EQUAL_size_t(0, explore(kSound, all, tally).size());
  TEST_ASSERT_TRUE(tally.operations > 0);
  TEST_ASSERT_EQUAL_UINT64(3 * tally.operations, tally.first_cuts);
  TEST_ASSERT_TRUE(tally.nested_of > 0);
  TEST_ASSERT_EQUAL_UINT64(tally.nested_of, tally.nested_cuts);
}

void the_shares_together_are_the_whole() {
  Tally whole;
  explore(kSound, {}, whole);
  uint64_t first_cuts = 0;
  for (uint64_t share = 0; share < 3; ++share) {
    Tally part;
    Extent extent;
    extent.share = share;
    extent.shares = 3;
    explore(kSound, extent, part);
    TEST_ASSERT_EQUAL_UINT64(whole.operations, part.operations);
    first_cuts += part.first_cuts;
  }
  TEST_ASSERT_EQUAL_UINT64(whole.first_cuts, first_cuts);
}

void a_limit_ends_the_search() {
  Tally all;
  explore(kInventing, {}, all);
  TEST_ASSERT_TRUE(all.failed_runs > 2);
  Tally some;
  Extent extent;
  extent.limit = 2;
  explore(kInventing, extent, some);
  TEST_ASSERT_EQUAL_UINT64(2, some.failed_runs);
}

/// Counts the refused ones of `calls` allocations, one in 100 ms, if the third one fails.
int refused_of(int calls, Tear effect, uint32_t seed) {
  FailingAllocations memory;
  memory.fail_at(3, effect, seed);
  int refused = 0;
  for (int i = 1; i <= calls; ++i) {
    const bool fails = memory.begin_call(16, 100 * i);
    if (i == 3) TEST_ASSERT_TRUE(fails);
    refused += fails ? 1 : 0;
  }
  return refused;
}

void a_shortage_of_memory_lasts_for_one_allocation_for_several_or_for_a_time() {
  TEST_ASSERT_EQUAL_INT(1, refused_of(100, Tear::none, 7));
  TEST_ASSERT_EQUAL_INT(2, refused_of(100, Tear::half, 8));
  TEST_ASSERT_EQUAL_INT(9, refused_of(100, Tear::half, 7));
  TEST_ASSERT_EQUAL_INT(FailingAllocations::kShortage / 100, refused_of(100, Tear::random, 7));
}

void an_id_names_the_same_allocation_in_each_run() {
  RunId id;
  std::string complaint;
  TEST_ASSERT_TRUE(id.parse("tls-charge:13n:s1", complaint));
  std::string consoles[2];
  for (std::string& console : consoles) {
    const Scenario& scenario = *scenarios().find(id.scenario);
    TEST_ASSERT_EQUAL_size_t(0, Runner(scenario, id.seed).replay(id.cuts, &console).size());
    check_contains("not enough memory in one block", console);
  }
  TEST_ASSERT_EQUAL_STRING(consoles[0].c_str(), consoles[1].c_str());
}

/// The device cannot read its root certificate.
void a_failed_handshake_is_found_where_a_connection_is_due() {
  World world;
  Device device(world);
  device.power_on();
  world.secrets.write(secret::kRoot, Text("no certificate").bytes());
  device.set("csms_url", "wss://csms.example/ocpp");
  device.set("wifi_ssid", "Garage");
  device.power_on();
  device.check_connection();
  TEST_ASSERT_EQUAL_STRING("no-connection", world.violations.at(0).rule.c_str());
}

void after_a_cut_the_rest_of_a_scenario_has_no_effect() {
  World world;
  Device device(world);
  world.flash.cut_at(1, Tear::half);
  device.power_on();
  TEST_ASSERT_FALSE(device.alive());
  device.set("local_id_tag", "X");
  device.plug(true);
  device.press_button();
  device.power_off();
  device.power_on();
  TEST_ASSERT_FALSE(device.alive());
  TEST_ASSERT_FALSE(world.cable);
  TEST_ASSERT_EQUAL_size_t(0, world.stored.size());
  TEST_ASSERT_EQUAL_size_t(0, world.violations.size());
}

void an_id_is_parsed_from_its_text() {
  const RunId written{"charge-online", {{17, Tear::half}, {5, Tear::random}, {1, Tear::none}}, 42};
  TEST_ASSERT_EQUAL_STRING("charge-online:17h:5r:1n:s42", written.text().c_str());
  RunId read;
  std::string complaint;
  TEST_ASSERT_TRUE(read.parse(written.text(), complaint));
  TEST_ASSERT_EQUAL_STRING(written.text().c_str(), read.text().c_str());
}

void an_invalid_id_is_rejected_with_an_example() {
  for (const char* text : {"", "charge-online", "a:17:s1", "a:0h:s1", "a:17x:s1", "a:h:s1", "a:17h:s0", "a:17h:1",
                           "a:17h:s4294967296", "a:17h::s1"}) {
    RunId id;
    std::string complaint;
    TEST_ASSERT_FALSE_MESSAGE(id.parse(text, complaint), text);
    check_contains("charge-online:17h:5r:s1", complaint);
  }
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(a_planted_violation_is_found_and_replayed_by_its_id);
  RUN_TEST(a_violation_without_a_cut_is_found);
  RUN_TEST(every_operation_is_cut_with_every_effect_and_every_recovery_again);
  RUN_TEST(the_shares_together_are_the_whole);
  RUN_TEST(a_limit_ends_the_search);
  RUN_TEST(a_shortage_of_memory_lasts_for_one_allocation_for_several_or_for_a_time);
  RUN_TEST(an_id_names_the_same_allocation_in_each_run);
  RUN_TEST(a_failed_handshake_is_found_where_a_connection_is_due);
  RUN_TEST(after_a_cut_the_rest_of_a_scenario_has_no_effect);
  RUN_TEST(an_id_is_parsed_from_its_text);
  RUN_TEST(an_invalid_id_is_rejected_with_an_example);
  test_rules();
  return UNITY_END();
}
