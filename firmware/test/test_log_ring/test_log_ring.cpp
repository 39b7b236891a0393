#include <string>
#include <vector>

#include "features/logging/log_mask.h"
#include "features/logging/log_ring.h"
#include "support/check.h"
#include "support/fake_retained_ram.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

std::vector<std::string> lines_of(const LogRing& ring) {
  std::vector<std::string> lines;
  for (uint32_t place = ring.begin(); place != ring.end();) {
    char line[LogRing::kMaxLine];
    lines.push_back(str(ring.read(place, Span<char>(line))));
  }
  return lines;
}

void push(LogRing& ring, const std::string& line) { ring.push({line.data(), line.size()}); }

void memory_without_a_ring_is_an_empty_one() {
  FakeRetainedRam memory;
  LogRing ring(memory.bytes());
  TEST_ASSERT_FALSE(ring.restored());
  TEST_ASSERT_TRUE(lines_of(ring).empty());
}

void lines_and_notes_survive_a_warm_reset() {
  FakeRetainedRam memory;
  {
    LogRing ring(memory.bytes());
    push(ring, "one");
    LogRing::Notes notes;
    notes.file = 7;
    notes.uptime_ms = 1ULL << 40;
    ring.set_notes(notes);
    push(ring, "two");
  }
  LogRing ring(memory.bytes());
  TEST_ASSERT_TRUE(ring.restored());
  const auto lines = lines_of(ring);
  TEST_ASSERT_EQUAL_size_t(2, lines.size());
  TEST_ASSERT_EQUAL_STRING("one", lines[0].c_str());
  TEST_ASSERT_EQUAL_STRING("two", lines[1].c_str());
  TEST_ASSERT_EQUAL_UINT32(7, ring.notes().file);
  TEST_ASSERT_EQUAL_UINT64(1ULL << 40, ring.notes().uptime_ms);
}

void a_loss_of_power_leaves_nothing() {
  FakeRetainedRam memory;
  {
    LogRing ring(memory.bytes());
    push(ring, "one");
  }
  memory.lose_power();
  TEST_ASSERT_FALSE(LogRing(memory.bytes()).restored());
}

void the_oldest_lines_give_way() {
  FakeRetainedRam memory;
  LogRing ring(memory.bytes());
  for (int i = 0; i < 1000; ++i) push(ring, "line " + std::to_string(i));
  const auto lines = lines_of(ring);
  TEST_ASSERT_EQUAL_STRING("line 999", lines.back().c_str());
  TEST_ASSERT_EQUAL_STRING(("line " + std::to_string(1000 - lines.size())).c_str(), lines.front().c_str());
  TEST_ASSERT_GREATER_THAN_size_t(LogRing::kCapacity / 14, lines.size());
  TEST_ASSERT_TRUE(lines == lines_of(LogRing(memory.bytes())));
}

void a_long_line_is_cut_between_characters() {
  FakeRetainedRam memory;
  LogRing ring(memory.bytes());
  push(ring, std::string(LogRing::kMaxLine - 4, 'x') + "\xC3\xA4\xC3\xA4\xC3\xA4");
  TEST_ASSERT_EQUAL_STRING((std::string(LogRing::kMaxLine - 4, 'x') + "...").c_str(), lines_of(ring)[0].c_str());
}

uint32_t generation_of(FakeRetainedRam& memory, size_t slot) {
  uint32_t generation = 0;
  memcpy(&generation, memory.bytes().data + LogRing::kSlot * slot + 4, sizeof generation);
  return generation;
}

/// A line is written in three steps: a header without the oldest lines, whose place the line takes; the line; a header
/// with the line. A reset within any step keeps all other lines.
void a_reset_during_a_write_leaves_whole_lines() {
  FakeRetainedRam memory;
  {
    LogRing ring(memory.bytes());
    for (int i = 0; i < 400; ++i) push(ring, "line " + std::to_string(i));
  }
  FakeRetainedRam after = memory;
  size_t expected = 0;
  {
    LogRing ring(after.bytes());
    push(ring, "the last line");
    expected = lines_of(ring).size() - 1;
  }
  const size_t last = generation_of(after, 0) > generation_of(after, 1) ? 0 : 1;
  constexpr size_t kHeaders = LogRing::kMemory - LogRing::kCapacity;
  const size_t steps[][2] = {{LogRing::kSlot * (1 - last), LogRing::kSlot},
                             {kHeaders, LogRing::kCapacity},
                             {LogRing::kSlot * last, LogRing::kSlot}};
  for (const auto& [begin, length] : steps) {
    for (size_t i = begin; i < begin + length; ++i) {
      memory.bytes()[i] = after.bytes()[i];
      FakeRetainedRam now = memory;
      LogRing ring(now.bytes());
      TEST_ASSERT_TRUE(ring.restored());
      const auto lines = lines_of(ring);
      TEST_ASSERT_GREATER_OR_EQUAL_size_t(expected, lines.size());
      check_contains("line", lines.back());
    }
  }
}

void a_flipped_bit_costs_the_lines_from_there_on() {
  FakeRetainedRam memory;
  {
    LogRing ring(memory.bytes());
    for (int i = 0; i < 10; ++i) push(ring, "line " + std::to_string(i));
  }
  memory.bytes()[LogRing::kMemory - LogRing::kCapacity + 5 * (LogRing::kFrame + 6) + LogRing::kFrame] ^= 1;
  const auto lines = lines_of(LogRing(memory.bytes()));
  TEST_ASSERT_EQUAL_size_t(5, lines.size());
  TEST_ASSERT_EQUAL_STRING("line 4", lines.back().c_str());
}

std::string masked(std::string line, Text secret) {
  mask_secret(Span<char>(line.data(), line.size()), secret);
  mask_authorization_key(Span<char>(line.data(), line.size()));
  return line;
}

void secrets_are_overwritten() {
  TEST_ASSERT_EQUAL_STRING("a ******** b ********", masked("a hunter22 b hunter22", "hunter22").c_str());
  TEST_ASSERT_EQUAL_STRING("no secret", masked("no secret", "").c_str());
}

void an_authorization_key_is_overwritten_in_any_order_and_form() {
  TEST_ASSERT_EQUAL_STRING(R"({"key":"AuthorizationKey","value":"******"})",
                           masked(R"({"key":"AuthorizationKey","value":"ab\"cd"})", "").c_str());
  TEST_ASSERT_EQUAL_STRING(R"({"value" : "****" , "key":"authorizationkey"})",
                           masked(R"({"value" : "0011" , "key":"authorizationkey"})", "").c_str());
  TEST_ASSERT_EQUAL_STRING(R"({"key":"AuthorizationKey","value":"****)",
                           masked(R"({"key":"AuthorizationKey","value":"0011)", "").c_str());
  TEST_ASSERT_EQUAL_STRING(
      R"([2,"1","ChangeConfiguration",{"key":"Authorization\u004bey","value":"****"}])",
      masked(R"([2,"1","ChangeConfiguration",{"key":"Authorization\u004bey","value":"0011"}])", "").c_str());
  TEST_ASSERT_EQUAL_STRING(
      R"([2,"1","Change\u0043onfiguration",{"key":"Authorization\u004Bey","val\u0075e":"****"}])",
      masked(R"([2,"1","Change\u0043onfiguration",{"key":"Authorization\u004Bey","val\u0075e":"0011"}])", "").c_str());
  // A character of the console's own for a line break of the message.
  TEST_ASSERT_EQUAL_STRING(R"({"key":"AuthorizationKey","value":*"****"*}])",
                           masked(R"({"key":"AuthorizationKey","value":?"0011"?}])", "").c_str());
  TEST_ASSERT_EQUAL_STRING(R"({"value":["****",{"*":****}],"key":"AuthorizationKey"})",
                           masked(R"({"value":["00]1",{"a":0011}],"key":"AuthorizationKey"})", "").c_str());
  TEST_ASSERT_EQUAL_STRING(R"({"value":****,"key":"AuthorizationKey"})",
                           masked(R"({"value":1e11,"key":"AuthorizationKey"})", "").c_str());
  TEST_ASSERT_EQUAL_STRING(R"({"key":"HeartbeatInterval","value":"30"})",
                           masked(R"({"key":"HeartbeatInterval","value":"30"})", "").c_str());
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(memory_without_a_ring_is_an_empty_one);
  RUN_TEST(lines_and_notes_survive_a_warm_reset);
  RUN_TEST(a_loss_of_power_leaves_nothing);
  RUN_TEST(the_oldest_lines_give_way);
  RUN_TEST(a_long_line_is_cut_between_characters);
  RUN_TEST(a_reset_during_a_write_leaves_whole_lines);
  RUN_TEST(a_flipped_bit_costs_the_lines_from_there_on);
  RUN_TEST(secrets_are_overwritten);
  RUN_TEST(an_authorization_key_is_overwritten_in_any_order_and_form);
  return UNITY_END();
}
