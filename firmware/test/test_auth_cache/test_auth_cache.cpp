#include <string>

#include "features/auth_cache/auth_cache.h"
#include "support/check.h"
#include "support/fake_clock.h"
#include "support/fake_storage.h"
#include "support/fake_uart.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

constexpr UnixMillis kNow = 1'714'564'800'000;  // 2024-05-01T12:00:00Z

JsonValue info_of(const std::string& info) {
  JsonError error;
  return parse_json({info.data(), info.size()}, error);
}

struct Bench {
  FakeClock clock;
  FakeUart uart;
  Logger log{clock, uart};
  FakeStorage storage;
  TimeSync time{clock, storage};
  Settings settings;
  AuthCache cache{storage, time, settings, log};

  Bench() { settings.authorization_cache_enabled = true; }
  IdTagInfo read(const std::string& info) {
    IdTagInfo result;
    result.read(info_of(info), log);
    return result;
  }
  void learn(const std::string& id_tag, const std::string& info) {
    cache.on_id_tag_info({id_tag.data(), id_tag.size()}, read(info));
  }
  void save() {
    cache.poll(clock.now());
    storage.run_all();
  }
  std::string status(const std::string& id_tag) const {
    IdTagInfo info;
    return cache.find({id_tag.data(), id_tag.size()}, info) ? str(name_of(info.status)) : "unknown";
  }
};

const char* const kAccepted = R"({"status":"Accepted"})";

void id_tags_are_found_case_insensitively() {
  Bench bench;
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("TAG").c_str());
  bench.learn("TAG", kAccepted);
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("tag").c_str());
  bench.learn("Tag", R"({"status":"Blocked","parentIdTag":"FLEET"})");
  TEST_ASSERT_EQUAL_STRING("Blocked", bench.status("TAG").c_str());
  TEST_ASSERT_EQUAL_size_t(1, bench.cache.size());
  IdTagInfo info;
  TEST_ASSERT_TRUE(bench.cache.find("TAG", info));
  check_text("FLEET", info.parent.text());
}

void concurrent_tx_is_not_cached() {
  Bench bench;
  bench.learn("TAG", kAccepted);
  bench.learn("TAG", R"({"status":"ConcurrentTx"})");
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("TAG").c_str());
}

void unreadable_status_is_invalid() {
  for (const char* info : {R"({"status":"Maybe"})", R"({})", R"(7)", R"({"status":null})", R"({"status":["Accepted"]})",
                           R"({"status":"Accepted until further notice"})", R"("Accepted")"}) {
    Bench bench;
    bench.learn("TAG", kAccepted);
    bench.learn("TAG", info);
    TEST_ASSERT_EQUAL_STRING_MESSAGE("Invalid", bench.status("TAG").c_str(), info);
    check_contains("has no status of OCPP 1.6", bench.uart.written());
  }
}

void unreadable_expiry_date_has_passed() {
  for (const char* expiry : {R"("2025/01/01")", R"("2099-01-01")", R"("never")", R"("")", "4102444800", "true", "{}"}) {
    Bench bench;
    bench.time.set_from_csms(kNow);
    bench.learn("TAG", R"({"status":"Accepted","expiryDate":)" + std::string(expiry) + "}");
    TEST_ASSERT_EQUAL_STRING_MESSAGE("Expired", bench.status("TAG").c_str(), expiry);
    check_contains("no ISO 8601 date-time", bench.uart.written());
    bench.save();
    AuthCache again(bench.storage, bench.time, bench.settings, bench.log);
    again.load();
    IdTagInfo info;
    TEST_ASSERT_TRUE(again.find("TAG", info));
    check_text("Expired", name_of(info.status));
  }
}

void expiry_date_of_1970_has_passed() {
  Bench bench;
  bench.time.set_from_csms(kNow);
  bench.learn("TAG", R"({"status":"Accepted","expiryDate":"1970-01-01T00:00:00Z"})");
  TEST_ASSERT_EQUAL_STRING("Expired", bench.status("TAG").c_str());
}

void unreadable_group_is_none_and_other_fields_count() {
  for (const char* parent : {"7", "[]", R"("a group of more than 20 characters")"}) {
    Bench bench;
    bench.learn("TAG", R"({"parentIdTag":)" + std::string(parent) + R"(,"status":"Blocked"})");
    IdTagInfo info;
    TEST_ASSERT_TRUE(bench.cache.find("TAG", info));
    check_text("Blocked", name_of(info.status));
    check_text("", info.parent.text());
    check_contains("it counts as none", bench.uart.written());
  }
}

void optional_field_of_null_is_missing() {
  Bench bench;
  bench.learn("TAG", R"({"status":"Accepted","expiryDate":null,"parentIdTag":null})");
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("TAG").c_str());
  TEST_ASSERT_FALSE(bench.uart.wrote("idTagInfo"));
}

void entries_expire_and_are_not_trusted_without_a_clock() {
  Bench bench;
  bench.learn("TAG", R"({"status":"Accepted","expiryDate":"2024-05-01T12:00:10Z"})");
  bench.learn("BAD", R"({"status":"Blocked","expiryDate":"2024-05-01T12:00:10Z"})");
  TEST_ASSERT_EQUAL_STRING("Expired", bench.status("TAG").c_str());
  bench.time.set_from_csms(kNow);
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("TAG").c_str());
  bench.clock.advance(9'999);
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("TAG").c_str());
  bench.clock.advance(1);
  TEST_ASSERT_EQUAL_STRING("Expired", bench.status("TAG").c_str());
  TEST_ASSERT_EQUAL_STRING("Blocked", bench.status("BAD").c_str());
}

void entries_survive_a_restart() {
  Bench bench;
  bench.learn("TAG \"1\"", R"({"status":"Accepted","parentIdTag":"P","expiryDate":"2024-05-01T12:00:10Z"})");
  bench.learn("TAG2", R"({"status":"Invalid"})");
  bench.save();
  AuthCache again(bench.storage, bench.time, bench.settings, bench.log);
  again.load();
  TEST_ASSERT_EQUAL_size_t(2, again.size());
  IdTagInfo info;
  TEST_ASSERT_TRUE(again.find("TAG \"1\"", info));
  check_text("P", info.parent.text());
  TEST_ASSERT_TRUE(info.expires == kNow + 10'000);
}

void unchanged_entries_are_not_written() {
  Bench bench;
  bench.learn("TAG", kAccepted);
  bench.cache.poll(0);
  TEST_ASSERT_EQUAL_size_t(1, bench.storage.waiting());
  bench.storage.run_all();
  bench.learn("TAG", kAccepted);
  bench.cache.poll(0);
  TEST_ASSERT_EQUAL_size_t(0, bench.storage.waiting());
}

void full_cache_evicts_the_least_recent_entry() {
  Bench bench;
  for (size_t i = 0; i < AuthCache::kMaxEntries; ++i) bench.learn("TAG" + std::to_string(i), kAccepted);
  bench.learn("TAG0", R"({"status":"Accepted","parentIdTag":"FAMILY"})");
  bench.learn("NEW", kAccepted);
  TEST_ASSERT_EQUAL_size_t(AuthCache::kMaxEntries, bench.cache.size());
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("TAG0").c_str());
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("TAG1").c_str());
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("NEW").c_str());
}

void full_cache_keeps_a_frequent_entry() {
  Bench bench;
  for (size_t i = 0; i < AuthCache::kMaxEntries; ++i) bench.learn("TAG" + std::to_string(i), kAccepted);
  bench.save();
  bench.learn("tag0", kAccepted);
  bench.cache.poll(0);
  TEST_ASSERT_EQUAL_size_t(0, bench.storage.waiting());
  bench.learn("NEW", kAccepted);
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("TAG0").c_str());
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("TAG1").c_str());
  bench.save();
  AuthCache again(bench.storage, bench.time, bench.settings, bench.log);
  again.load();
  for (size_t i = 2; i < AuthCache::kMaxEntries; ++i)
    again.on_id_tag_info(Text(("N" + std::to_string(i)).c_str()), bench.read(kAccepted));
  IdTagInfo info;
  TEST_ASSERT_TRUE(again.find("TAG0", info));
}

void changes_are_written_also_when_repeated_at_once() {
  Bench bench;
  bench.learn("TAG", kAccepted);
  bench.learn("TAG", kAccepted);
  bench.save();
  check_contains("TAG", bench.storage.files["auth_cache"]);
}

void full_cache_evicts_invalid_entries_first() {
  for (const char* not_valid :
       {R"({"status":"Blocked"})", R"({"status":"Accepted","expiryDate":"2001-01-01T00:00:00Z"})"}) {
    Bench bench;
    for (size_t i = 0; i < AuthCache::kMaxEntries; ++i) bench.learn("TAG" + std::to_string(i), kAccepted);
    bench.learn("TAG7", not_valid);
    bench.learn("NEW", kAccepted);
    TEST_ASSERT_EQUAL_STRING("unknown", bench.status("TAG7").c_str());
    TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("TAG0").c_str());
    TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("NEW").c_str());
  }
}

void long_entries_evict_the_oldest() {
  Bench bench;
  for (char c = 'a'; c < 'a' + static_cast<char>(AuthCache::kMaxEntries); ++c) {
    bench.learn(
        std::string(19, '\x01') + c,
        R"({"status":"Accepted","parentIdTag":"\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001"})");
  }
  bench.save();
  TEST_ASSERT_LESS_OR_EQUAL_size_t(Storage::kMaxContent, bench.storage.files["auth_cache"].size());
  TEST_ASSERT_GREATER_THAN_size_t(4, bench.cache.size());
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status(std::string(19, '\x01') + 'p').c_str());
}

void failed_write_is_retried_later() {
  Bench bench;
  bench.learn("TAG", kAccepted);
  bench.storage.result = StorageResult::full;
  bench.save();
  check_contains("was not stored: no space left", bench.uart.written());
  TEST_ASSERT_TRUE(bench.cache.poll(0) == AuthCache::kRetryPause);
  bench.storage.result = StorageResult::ok;
  bench.cache.poll(AuthCache::kRetryPause);
  bench.storage.run_all();
  TEST_ASSERT_EQUAL_size_t(1, bench.storage.files.count("auth_cache"));
}

void cleared_cache_stays_empty_after_a_restart() {
  Bench bench;
  bench.learn("TAG", kAccepted);
  bench.cache.poll(0);
  int answers = 0;
  TEST_ASSERT_TRUE(bench.cache.clear({[](void* context, StorageResult) { ++*static_cast<int*>(context); }, &answers}));
  TEST_ASSERT_EQUAL(0, answers);
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("TAG").c_str());
  bench.storage.run_all();
  TEST_ASSERT_EQUAL(1, answers);
  bench.save();
  TEST_ASSERT_EQUAL_size_t(0, bench.storage.files.count("auth_cache"));
}

void cache_whose_file_was_damaged_is_incomplete_until_it_is_cleared() {
  for (const char* content :
       {"[{\"idTag\"", "{}", "[{\"idTag\":\"TAG\",\"status\":\"Accepted\"},{\"status\":\"Blocked\"}]"}) {
    Bench bench;
    bench.storage.files["auth_cache"] = content;
    bench.cache.load();
    TEST_ASSERT_TRUE_MESSAGE(bench.cache.is_incomplete(), content);
    check_contains("has lost entries", bench.uart.written());
    bench.learn("NEW", kAccepted);
    bench.save();
    Bench next;
    next.storage.files = bench.storage.files;
    next.cache.load();
    TEST_ASSERT_EQUAL_STRING("Accepted", next.status("NEW").c_str());
    TEST_ASSERT_TRUE_MESSAGE(next.cache.is_incomplete(), "also after a restart");
    TEST_ASSERT_TRUE(next.cache.clear(StorageDone()));
    TEST_ASSERT_FALSE(next.cache.is_incomplete());
  }
}

void disabled_cache_finds_nothing() {
  Bench bench;
  bench.learn("TAG", kAccepted);
  bench.settings.authorization_cache_enabled = false;
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("TAG").c_str());
  bench.learn("NEW", kAccepted);
  TEST_ASSERT_EQUAL_size_t(1, bench.cache.size());
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(id_tags_are_found_case_insensitively);
  RUN_TEST(concurrent_tx_is_not_cached);
  RUN_TEST(unreadable_status_is_invalid);
  RUN_TEST(unreadable_expiry_date_has_passed);
  RUN_TEST(expiry_date_of_1970_has_passed);
  RUN_TEST(unreadable_group_is_none_and_other_fields_count);
  RUN_TEST(optional_field_of_null_is_missing);
  RUN_TEST(entries_expire_and_are_not_trusted_without_a_clock);
  RUN_TEST(entries_survive_a_restart);
  RUN_TEST(unchanged_entries_are_not_written);
  RUN_TEST(full_cache_evicts_the_least_recent_entry);
  RUN_TEST(full_cache_keeps_a_frequent_entry);
  RUN_TEST(changes_are_written_also_when_repeated_at_once);
  RUN_TEST(full_cache_evicts_invalid_entries_first);
  RUN_TEST(long_entries_evict_the_oldest);
  RUN_TEST(failed_write_is_retried_later);
  RUN_TEST(cleared_cache_stays_empty_after_a_restart);
  RUN_TEST(cache_whose_file_was_damaged_is_incomplete_until_it_is_cleared);
  RUN_TEST(disabled_cache_finds_nothing);
  return UNITY_END();
}
