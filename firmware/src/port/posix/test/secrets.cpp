#include <string>

#include "port/posix/flash_secrets.h"
#include "suites.h"
#include "support/check.h"
#include "support/ram_flash.h"

using namespace pb;
using namespace pb::posix;

namespace {

constexpr size_t kSectors = FlashSecrets::kSlots;

void check_result(SecretsResult expected, SecretsResult actual) {
  TEST_ASSERT_EQUAL(static_cast<int>(expected), static_cast<int>(actual));
}

/// The value of a key, "-" when there is none.
std::string value_of(RamFlash& flash, Text key) {
  FlashSecrets secrets(flash);
  uint8_t bytes[Secrets::kMaxBlob];
  size_t length = 0;
  if (secrets.read(key, bytes, length) != SecretsResult::ok) return "-";
  return {reinterpret_cast<const char*>(bytes), length};
}

SecretsResult write(RamFlash& flash, Text key, Text value) { return FlashSecrets(flash).write(key, value.bytes()); }

bool flash_has(RamFlash& flash, const std::string& text) {
  return std::string(flash.content().begin(), flash.content().end()).find(text) != std::string::npos;
}

void a_secret_is_kept_replaced_and_removed() {
  RamFlash flash(kSectors);
  TEST_ASSERT_EQUAL_STRING("-", value_of(flash, "a").c_str());
  check_result(SecretsResult::ok, write(flash, "a", "first"));
  check_result(SecretsResult::ok, write(flash, "b", "other"));
  check_result(SecretsResult::ok, write(flash, "a", "second"));
  TEST_ASSERT_EQUAL_STRING("second", value_of(flash, "a").c_str());
  TEST_ASSERT_EQUAL_STRING("other", value_of(flash, "b").c_str());
  check_result(SecretsResult::ok, FlashSecrets(flash).remove("a"));
  TEST_ASSERT_EQUAL_STRING("-", value_of(flash, "a").c_str());
  TEST_ASSERT_FALSE(FlashSecrets(flash).has("a"));
  check_result(SecretsResult::ok, FlashSecrets(flash).remove("a"));
}

void what_was_replaced_or_removed_is_not_in_the_flash() {
  RamFlash flash(kSectors);
  write(flash, "a", "old-secret");
  write(flash, "a", "new-secret");
  TEST_ASSERT_FALSE(flash_has(flash, "old-secret"));
  FlashSecrets(flash).remove("a");
  TEST_ASSERT_FALSE(flash_has(flash, "new-secret"));
}

void limits_are_answers() {
  RamFlash flash(kSectors);
  const std::string longest(Secrets::kMaxBlob, 'x');
  check_result(SecretsResult::ok, write(flash, "a", {longest.data(), longest.size()}));
  TEST_ASSERT_TRUE(longest == value_of(flash, "a"));
  const std::string longer(Secrets::kMaxBlob + 1, 'x');
  check_result(SecretsResult::too_large, write(flash, "a", {longer.data(), longer.size()}));
  check_result(SecretsResult::too_large, write(flash, "a_key_of_16_char", "x"));
  uint8_t small[4];
  size_t length = 0;
  check_result(SecretsResult::too_large, FlashSecrets(flash).read("a", small, length));
  for (size_t i = 1; i < Secrets::kMaxBlobs; ++i) {
    const std::string key = "k" + std::to_string(i);
    check_result(SecretsResult::ok, write(flash, key.c_str(), "x"));
  }
  check_result(SecretsResult::full, write(flash, "one_more", "x"));
  FlashSecrets(flash).remove("k3");
  check_result(SecretsResult::ok, write(flash, "one_more", "x"));
}

/// Cuts the power at every operation of a change, in each way. Afterwards there is the old value or the new one, and
/// everything else is as it was.
void check_torn(const char* name, void (*change)(FlashSecrets& secrets), const std::string& before,
                const std::string& after) {
  for (const Tear tear : {Tear::none, Tear::half, Tear::random}) {
    for (uint64_t operation = 1;; ++operation) {
      RamFlash flash(kSectors);
      write(flash, "root", "the root");
      write(flash, "gone", "was here");
      FlashSecrets(flash).remove("gone");
      write(flash, "auth_key", "0123456789abcdef");
      flash.cut_at(operation, tear, static_cast<uint32_t>(operation));
      FlashSecrets secrets(flash);
      change(secrets);
      const bool was_cut = flash.dead();
      flash.power_on();
      const std::string found = value_of(flash, "auth_key");
      TEST_ASSERT_TRUE_MESSAGE(found == before || found == after, name);
      TEST_ASSERT_EQUAL_STRING_MESSAGE("the root", value_of(flash, "root").c_str(), name);
      TEST_ASSERT_EQUAL_STRING_MESSAGE("-", value_of(flash, "gone").c_str(), name);
      change(secrets);
      TEST_ASSERT_EQUAL_STRING_MESSAGE(after.c_str(), value_of(flash, "auth_key").c_str(), name);
      if (!was_cut) break;
    }
  }
}

void a_cut_of_the_power_leaves_the_old_value_or_the_new_one() {
  check_torn(
      "replace", [](FlashSecrets& secrets) { secrets.write("auth_key", Text("fedcba9876543210").bytes()); },
      "0123456789abcdef", "fedcba9876543210");
  check_torn("remove", [](FlashSecrets& secrets) { secrets.remove("auth_key"); }, "0123456789abcdef", "-");
}

void a_new_secret_takes_no_place_from_a_removed_one_that_could_come_back() {
  for (uint64_t operation = 1; operation <= 4; ++operation) {
    RamFlash flash(kSectors);
    write(flash, "old", "old value");
    FlashSecrets(flash).remove("old");
    flash.cut_at(operation, Tear::half);
    write(flash, "new", "new value");
    flash.power_on();
    TEST_ASSERT_EQUAL_STRING("-", value_of(flash, "old").c_str());
  }
}

void the_layout_is_the_documented_one() {
  RamFlash flash(kSectors);
  write(flash, "root", "abc");
  const uint8_t head[] = {'P', 'B', 'S', '1', 1, 0, 0, 0, 3, 0, 0, 0, 0};
  TEST_ASSERT_EQUAL_HEX8_ARRAY(head, flash.data(), sizeof head);
  TEST_ASSERT_EQUAL_STRING("root", reinterpret_cast<const char*>(flash.data() + 28));
  TEST_ASSERT_EQUAL_MEMORY("abc", flash.data() + 48, 3);
}

}  // namespace

void run_secrets_tests() {
  RUN_TEST(a_secret_is_kept_replaced_and_removed);
  RUN_TEST(what_was_replaced_or_removed_is_not_in_the_flash);
  RUN_TEST(limits_are_answers);
  RUN_TEST(a_cut_of_the_power_leaves_the_old_value_or_the_new_one);
  RUN_TEST(a_new_secret_takes_no_place_from_a_removed_one_that_could_come_back);
  RUN_TEST(the_layout_is_the_documented_one);
}
