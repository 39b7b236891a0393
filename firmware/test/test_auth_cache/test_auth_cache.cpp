#include <map>
#include <string>

#include "features/auth_cache/auth_cache.h"
#include "features/transactions/numbered_files.h"
#include "support/check.h"
#include "support/fake_clock.h"
#include "support/fake_storage.h"
#include "support/fake_uart.h"
#include "support/id_tag_search.h"

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
  LocalList list{storage, time, settings, log};
  AuthCache cache{storage, list, time, settings, log};

  Bench() { settings.authorization_cache_enabled = true; }
  /// A device that starts with these files.
  explicit Bench(const std::map<std::string, std::string>& files) : Bench() {
    storage.files = files;
    cache.load();
  }
  IdTagInfo read(const std::string& info) {
    IdTagInfo result;
    result.read(info_of(info), log);
    return result;
  }
  void report(const std::string& id_tag, const std::string& info) {
    cache.on_id_tag_info({id_tag.data(), id_tag.size()}, read(info));
  }
  void learn(const std::string& id_tag, const std::string& info) {
    report(id_tag, info);
    save();
  }
  /// Runs until the cache has nothing to do. @return the number of writes and removals
  int save() {
    int changes = 0;
    for (int quiet = 0; quiet < 2;) {
      cache.poll(clock.now());
      const auto before = storage.files;
      quiet = storage.run_one() ? 0 : quiet + 1;
      changes += storage.files == before ? 0 : 1;
    }
    return changes;
  }
  FoundIdTag find(const std::string& id_tag) {
    return find_id_tag<CacheSearch>(cache, id_tag, [this] { storage.run_all(); });
  }
  std::string status(const std::string& id_tag) { return find(id_tag).status(); }
};

const char* const kAccepted = R"({"status":"Accepted"})";

std::string file_name(size_t file) {
  return str(numbered_file(AuthCache::kEntriesPrefix, static_cast<uint32_t>(file)).text());
}

std::string tag(size_t number) { return "TAG" + std::to_string(number); }

/// Another idTag with the same 16 bits of its hash in the index.
std::string twin_of(const std::string& id_tag) {
  const auto hash = [](const std::string& of) { return hash_of_id_tag({of.data(), of.size()}) & 0xFFFF; };
  size_t number = 0;
  while (hash(tag(number)) != hash(id_tag)) ++number;
  return tag(number);
}

/// Makes a local list of this idTag.
void list_id_tag(Bench& bench, Text id_tag) {
  bench.list.update().clear();
  bench.list.update().add(record_of(id_tag, IdTagInfo()));
  bench.list.start(LocalList::Kind::full, 1, StorageDone());
  for (int i = 0; i < 10; ++i) {
    bench.list.poll(bench.clock.now());
    bench.storage.run_all();
    bench.clock.advance(LocalList::kBusyPause);
  }
  TEST_ASSERT_EQUAL_size_t(1, bench.list.entries());
}

void id_tags_are_found_case_insensitively() {
  Bench bench;
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("TAG").c_str());
  bench.learn("TAG", kAccepted);
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("tag").c_str());
  bench.learn("Tag", R"({"status":"Blocked","parentIdTag":"FLEET"})");
  TEST_ASSERT_EQUAL_STRING("Blocked", bench.status("TAG").c_str());
  TEST_ASSERT_EQUAL_size_t(1, bench.cache.size());
  check_text("FLEET", bench.find("TAG").info.parent.text());
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
    Bench again(bench.storage.files);
    again.time.set_from_csms(kNow);
    TEST_ASSERT_EQUAL_STRING("Expired", again.status("TAG").c_str());
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
    const IdTagInfo info = bench.find("TAG").info;
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
  Bench again(bench.storage.files);
  TEST_ASSERT_EQUAL_size_t(2, again.cache.size());
  const IdTagInfo info = again.find("TAG \"1\"").info;
  check_text("P", info.parent.text());
  TEST_ASSERT_TRUE(info.expires == kNow + 10'000);
  TEST_ASSERT_EQUAL_STRING("Invalid", again.status("TAG2").c_str());
}

void entry_counts_before_it_is_written() {
  Bench bench;
  bench.report("TAG", kAccepted);
  bench.report("TAG", R"({"status":"Blocked"})");
  TEST_ASSERT_EQUAL_STRING("Blocked", bench.status("TAG").c_str());
}

void unchanged_entries_are_not_written() {
  Bench bench;
  bench.report("TAG", kAccepted);
  TEST_ASSERT_EQUAL(1, bench.save());
  bench.report("TAG", kAccepted);
  TEST_ASSERT_EQUAL(0, bench.save());
}

void fill(Bench& bench) {
  for (size_t i = 0; i < AuthCache::kMaxEntries; ++i) bench.learn(tag(i), kAccepted);
}

void cache_holds_200_entries() {
  Bench bench;
  fill(bench);
  TEST_ASSERT_GREATER_OR_EQUAL_size_t(200, bench.cache.size());
  for (size_t i = 0; i < 200; ++i) TEST_ASSERT_EQUAL_STRING("Accepted", bench.status(tag(i)).c_str());
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("OTHER").c_str());
}

void full_cache_evicts_the_least_recent_entry() {
  Bench bench;
  fill(bench);
  bench.learn("NEW", kAccepted);
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("TAG0").c_str());
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("TAG1").c_str());
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("NEW").c_str());
  TEST_ASSERT_EQUAL_size_t(AuthCache::kMaxEntries, bench.cache.size());
}

/// Both a report of the CSMS and a search make an entry recent.
void full_cache_keeps_a_frequent_entry() {
  Bench bench;
  fill(bench);
  bench.learn("TAG0", kAccepted);
  bench.status("TAG1");
  bench.learn("NEW", kAccepted);
  bench.learn("NEWER", kAccepted);
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("TAG0").c_str());
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("TAG1").c_str());
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("TAG2").c_str());
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("TAG3").c_str());
}

void full_cache_keeps_its_order_over_a_restart() {
  Bench bench;
  fill(bench);
  bench.learn("TAG0", R"({"status":"Accepted","parentIdTag":"P"})");
  Bench again(bench.storage.files);
  again.learn("NEW", kAccepted);
  TEST_ASSERT_EQUAL_STRING("Accepted", again.status("TAG0").c_str());
  TEST_ASSERT_EQUAL_STRING("unknown", again.status("TAG1").c_str());
}

void full_cache_evicts_invalid_and_expired_entries_first() {
  for (const char* not_valid : {R"({"status":"Invalid"})", R"({"status":"Expired"})",
                                R"({"status":"Accepted","expiryDate":"2001-01-01T00:00:00Z"})"}) {
    Bench bench;
    bench.time.set_from_csms(kNow);
    fill(bench);
    bench.learn("TAG7", not_valid);
    bench.learn("NEW", kAccepted);
    TEST_ASSERT_EQUAL_STRING_MESSAGE("unknown", bench.status("TAG7").c_str(), not_valid);
    TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("TAG0").c_str());
    TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("NEW").c_str());
  }
}

void full_cache_evicts_the_oldest_of_its_invalid_entries() {
  for (const bool has_lower_slot : {false, true}) {
    Bench bench;
    fill(bench);
    const std::string older = has_lower_slot ? "TAG3" : "TAG7";
    const std::string newer = has_lower_slot ? "TAG7" : "TAG3";
    bench.learn(older, R"({"status":"Invalid"})");
    bench.learn(newer, R"({"status":"Expired"})");
    bench.learn("NEW", kAccepted);
    TEST_ASSERT_EQUAL_STRING("unknown", bench.status(older).c_str());
    TEST_ASSERT_EQUAL_STRING("Expired", bench.status(newer).c_str());
  }
}

/// The index has 32 bits for the time. An expiryDate beyond them must not count as one of the past.
void full_cache_keeps_an_entry_that_expires_after_2106() {
  Bench bench;
  bench.time.set_from_csms(kNow);
  fill(bench);
  bench.learn("TAG7", R"({"status":"Accepted","expiryDate":"2110-01-01T00:00:00Z"})");
  bench.learn("NEW", kAccepted);
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("TAG7").c_str());
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("TAG0").c_str());
}

/// Without the time, nobody knows whether an entry has expired.
void full_cache_without_the_time_evicts_the_oldest_entry() {
  Bench bench;
  fill(bench);
  bench.learn("TAG7", R"({"status":"Accepted","expiryDate":"2001-01-01T00:00:00Z"})");
  bench.learn("NEW", kAccepted);
  TEST_ASSERT_EQUAL_STRING("Expired", bench.status("TAG7").c_str());
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("TAG0").c_str());
}

/// Without its entry the idTag would be unknown, and might charge offline.
void full_cache_keeps_blocked_entries_as_long_as_accepted_ones() {
  Bench bench;
  fill(bench);
  bench.learn("TAG7", R"({"status":"Blocked"})");
  bench.learn("NEW", kAccepted);
  TEST_ASSERT_EQUAL_STRING("Blocked", bench.status("TAG7").c_str());
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("TAG0").c_str());
}

/// A file with ASCII texts stays inside the directory of the file system: at most 512 bytes with its header of 12.
void files_of_ascii_texts_are_small() {
  Bench bench;
  for (size_t i = 0; i < AuthCache::kMaxEntries; ++i) {
    const std::string digits = std::to_string(i);
    bench.learn(std::string(20 - digits.size(), 'T') + digits,
                R"({"status":"Accepted","expiryDate":"2024-05-01T12:00:10Z","parentIdTag":"12345678901234567890"})");
  }
  for (const auto& file : bench.storage.files) TEST_ASSERT_LESS_OR_EQUAL_size_t(500, file.second.size());
}

void longest_texts_fit() {
  Bench bench;
  std::string umlauts;
  for (int i = 0; i < 17; ++i) umlauts += "\xf0\x9f\x94\x8c";
  for (size_t i = 100; i < 100 + 2 * CacheFile::kSlots; ++i) {
    bench.learn(umlauts + std::to_string(i), "{\"status\":\"Blocked\",\"parentIdTag\":\"" + umlauts + "\"}");
  }
  Bench again(bench.storage.files);
  TEST_ASSERT_FALSE(again.cache.is_incomplete());
  for (size_t i = 100; i < 100 + 2 * CacheFile::kSlots; ++i) {
    TEST_ASSERT_EQUAL_STRING("Blocked", again.status(umlauts + std::to_string(i)).c_str());
  }
}

/// OCPP 1.6 section 3.5.3.
void id_tag_of_the_local_list_is_not_added() {
  Bench bench;
  list_id_tag(bench, "listed");
  bench.learn("LISTED", kAccepted);
  bench.learn("OTHER", kAccepted);
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("LISTED").c_str());
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("OTHER").c_str());
}

void failed_write_is_retried_later() {
  Bench bench;
  bench.storage.result = StorageResult::full;
  bench.learn("TAG", kAccepted);
  check_contains("was not stored: no space left", bench.uart.written());
  TEST_ASSERT_TRUE(bench.cache.poll(0) == AuthCache::kRetryPause);
  bench.storage.result = StorageResult::ok;
  bench.clock.advance(AuthCache::kRetryPause);
  TEST_ASSERT_EQUAL(1, bench.save());
}

void cleared_cache_stays_empty_after_a_restart() {
  Bench bench;
  bench.learn("TAG", kAccepted);
  bench.report("PENDING", kAccepted);
  int answers = 0;
  TEST_ASSERT_TRUE(bench.cache.clear({[](void* context, StorageResult) { ++*static_cast<int*>(context); }, &answers}));
  TEST_ASSERT_EQUAL(0, answers);
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("TAG").c_str());
  bench.storage.run_all();
  TEST_ASSERT_EQUAL(1, answers);
  Bench at_once(bench.storage.files);
  TEST_ASSERT_EQUAL_STRING("unknown", at_once.status("TAG").c_str());
  bench.save();
  TEST_ASSERT_EQUAL_size_t(1, bench.storage.files.size());
  Bench again(bench.storage.files);
  TEST_ASSERT_EQUAL_size_t(0, again.cache.size());
}

/// In every state of the cache: a ClearCache ends its work, and entries that come later are kept.
void cache_can_be_cleared_at_any_moment() {
  for (int moment = 0; moment < 32; ++moment) {
    Bench bench;
    // With a list, its page is read for each entry.
    if (moment % 2 == 1) list_id_tag(bench, "LISTED");
    bench.learn("OLD", kAccepted);
    bench.report("OLD", R"({"status":"Blocked"})");
    bench.report("PENDING", kAccepted);
    for (int i = 0; i < moment / 2; ++i) {
      bench.cache.poll(bench.clock.now());
      if (i % 2 == 1) bench.storage.run_one();
    }
    TEST_ASSERT_TRUE(bench.cache.clear(StorageDone()));
    bench.save();
    bench.learn("NEW", kAccepted);
    Bench again(bench.storage.files);
    TEST_ASSERT_EQUAL_size_t(1, bench.cache.size());
    for (Bench* each : {&bench, &again}) {
      TEST_ASSERT_EQUAL_STRING("unknown", each->status("OLD").c_str());
      TEST_ASSERT_EQUAL_STRING("unknown", each->status("PENDING").c_str());
      TEST_ASSERT_EQUAL_STRING("Accepted", each->status("NEW").c_str());
    }
  }
}

/// The file of an earlier version has all entries as JSON. They are taken one by one, and it is replaced at the end.
void entries_of_the_earlier_format_are_taken() {
  std::string old = "[";
  for (int i = 0; i < 16; ++i) {
    old += std::string(i > 0 ? "," : "") + "{\"idTag\":\"AN ID TAG OF " + std::to_string(10 + i) + "\",\"status\":\"" +
           (i % 2 == 0 ? "Accepted" : "Blocked") +
           "\",\"expiryDate\":\"2030-01-01T00:00:00.000Z\",\"parentIdTag\":\"12345678901234567890\"}";
  }
  old += "]";
  for (int cut = 0; cut < 60; ++cut) {
    Bench bench({{"auth_cache", old}});
    TEST_ASSERT_TRUE_MESSAGE(bench.cache.is_incomplete(), "an idTag that is not taken yet may be blocked");
    for (int i = 0; i < cut; ++i) {
      bench.cache.poll(0);
      bench.storage.run_one();
    }
    Bench again(bench.storage.files);
    again.time.set_from_csms(kNow);
    again.save();
    TEST_ASSERT_FALSE(again.cache.is_incomplete());
    TEST_ASSERT_EQUAL_size_t(16, again.cache.size());
    TEST_ASSERT_EQUAL_STRING("Accepted", again.status("AN ID TAG OF 10").c_str());
    TEST_ASSERT_EQUAL_STRING("Blocked", again.status("AN ID TAG OF 25").c_str());
    check_contains("epoch", again.storage.files["auth_cache"]);
  }
}

/// While the entries of the earlier format are taken, the CSMS answers for one of them.
void entry_of_the_earlier_format_replaces_no_later_one() {
  const auto id_tag = [](int number) { return "AN OLD ID TAG OF " + std::to_string(10 + number); };
  constexpr int kOld = 14;  // more than can wait for the flash
  std::string old = "[";
  for (int i = 0; i < kOld; ++i) {
    old += (i > 0 ? ",{\"idTag\":\"" : "{\"idTag\":\"") + id_tag(i) + R"(","status":"Accepted"})";
  }
  old += "]";
  for (int steps = 0; steps < 80; ++steps) {
    for (const int changed : {0, 9, kOld - 1}) {
      Bench bench({{"auth_cache", old}});
      for (int i = 0; i < steps; ++i) {
        // The answer may come before a job runs, and after it.
        if (i % 2 == 0) {
          bench.cache.poll(0);
        } else {
          bench.storage.run_one();
        }
      }
      bench.learn(id_tag(changed), R"({"status":"Blocked"})");
      bench.save();
      TEST_ASSERT_EQUAL_STRING("Blocked", bench.status(id_tag(changed)).c_str());
      TEST_ASSERT_EQUAL_STRING("Accepted", bench.status(id_tag(1)).c_str());
      Bench again(bench.storage.files);
      TEST_ASSERT_EQUAL_STRING("Blocked", again.status(id_tag(changed)).c_str());
    }
  }
}

void cache_whose_file_was_damaged_is_incomplete_until_it_is_cleared() {
  Bench sound;
  sound.learn("TAG", R"({"status":"Blocked"})");
  std::map<std::string, std::string> damaged_file = sound.storage.files;
  damaged_file.begin()->second[9] = '\x7f';
  std::map<std::string, std::string> damaged_head = sound.storage.files;
  damaged_head["auth_cache"] = "{\"epoch\":";
  const std::map<std::string, std::string> starts[] = {
      damaged_file,
      damaged_head,
      {{"auth_cache", "[{\"idTag\""}},
      {{"auth_cache", "{}"}},
      {{"auth_cache", R"({"epoch":1})"}},
      {{"auth_cache", R"([{"idTag":"TAG","status":"Accepted"},{"status":"Blocked"}])"}}};
  for (const auto& files : starts) {
    Bench bench(files);
    TEST_ASSERT_TRUE(bench.cache.is_incomplete());
    bench.learn("NEW", kAccepted);
    Bench next(bench.storage.files);
    TEST_ASSERT_EQUAL_STRING("Accepted", next.status("NEW").c_str());
    TEST_ASSERT_TRUE_MESSAGE(next.cache.is_incomplete(), "also after a restart");
    check_contains("has lost entries", next.uart.written());
    TEST_ASSERT_TRUE(next.cache.clear(StorageDone()));
    TEST_ASSERT_FALSE(next.cache.is_incomplete());
    next.save();
    TEST_ASSERT_FALSE(Bench(next.storage.files).cache.is_incomplete());
  }
}

/// The file is read to compare an entry of the same idTag, or to add one.
void file_that_is_lost_at_run_time_does_not_hold_up_new_entries() {
  for (const char* id_tag : {"TAG", "NEW"}) {
    for (const bool is_missing : {false, true}) {
      Bench bench;
      bench.learn("TAG", kAccepted);
      const std::string name = bench.storage.files.begin()->first;
      if (is_missing) {
        bench.storage.files.erase(name);
      } else {
        bench.storage.lost.insert(name);
      }
      bench.report(id_tag, R"({"status":"Blocked"})");
      // The first read fails; then the mark is written and the file is removed.
      for (int i = 0; i < 20 && !bench.cache.is_incomplete(); ++i) {
        bench.cache.poll(bench.clock.now());
        bench.storage.run_one();
      }
      TEST_ASSERT_TRUE(bench.cache.is_incomplete());
      TEST_ASSERT_EQUAL_size_t(0, bench.cache.size());
      bench.storage.lost.clear();
      bench.save();
      check_contains("has lost entries", bench.uart.written());
      Bench again(bench.storage.files);
      for (Bench* each : {&bench, &again}) {
        TEST_ASSERT_EQUAL_STRING("Blocked", each->status(id_tag).c_str());
        TEST_ASSERT_EQUAL_size_t(1, each->cache.size());
        TEST_ASSERT_TRUE(each->cache.is_incomplete());
      }
    }
  }
}

void cache_whose_file_cannot_be_read_at_the_start_is_incomplete() {
  Bench sound;
  for (size_t i = 0; i <= CacheFile::kSlots; ++i) sound.learn(tag(i), kAccepted);
  Bench bench;
  bench.storage.files = sound.storage.files;
  bench.storage.lost.insert(file_name(0));
  bench.cache.load();
  TEST_ASSERT_TRUE(bench.cache.is_incomplete());
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status(tag(0)).c_str());
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status(tag(CacheFile::kSlots)).c_str());
  bench.save();
  TEST_ASSERT_EQUAL_size_t(0, bench.storage.files.count(file_name(0)));
}

/// Files of any epoch are left without their head: none of them may look valid again.
void damaged_head_begins_an_epoch_that_no_file_has() {
  const std::string beyond = file_name(AuthCache::kMaxEntries / CacheFile::kSlots);
  for (const bool is_lost : {false, true}) {
    Bench bench;
    bench.storage.files = {{"auth_cache", "{"},
                           {file_name(0), std::string("\x05\0\0\0", 4)},
                           {file_name(1), std::string("\x03\0\0\0", 4)},
                           {file_name(2), "?"},
                           {file_name(3), "lost"},
                           {beyond, "a file of something else"}};
    bench.storage.lost.insert(file_name(3));
    if (is_lost) bench.storage.lost.insert("auth_cache");
    bench.cache.load();
    bench.storage.lost.clear();
    bench.save();
    TEST_ASSERT_EQUAL_size_t(2, bench.storage.files.size());
    check_contains(R"("epoch":6,)", bench.storage.files["auth_cache"]);
    TEST_ASSERT_EQUAL_size_t_MESSAGE(1, bench.storage.files.count(beyond), "it is not a file of the cache");
  }
}

void file_beyond_the_cache_is_ignored() {
  const std::string beyond = file_name(AuthCache::kMaxEntries / CacheFile::kSlots);
  const std::map<std::string, std::string> files = {{beyond, "a file of something else"}};
  Bench bench(files);
  TEST_ASSERT_FALSE(bench.cache.is_incomplete());
  TEST_ASSERT_EQUAL(0, bench.save());
}

/// The index has 16 bits of the hash, so it takes the one for the other until a file is read.
void id_tags_with_the_same_hash_are_different() {
  Bench bench;
  const std::string twin = twin_of("TAG");
  bench.learn("TAG", kAccepted);
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status(twin).c_str());
  bench.learn(twin, R"({"status":"Blocked"})");
  TEST_ASSERT_EQUAL_size_t(2, bench.cache.size());
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("TAG").c_str());
  TEST_ASSERT_EQUAL_STRING("Blocked", bench.status(twin).c_str());
  const FoundIdTag interrupted = find_id_tag<CacheSearch>(bench.cache, twin, [&bench] {
    bench.storage.is_full = true;
    bench.storage.run_all();
  });
  TEST_ASSERT_EQUAL_STRING_MESSAGE("unreadable", interrupted.status().c_str(), "the second file could not be read");
}

void search_during_which_the_cache_is_cleared_finds_nothing() {
  for (const bool is_file_gone : {false, true}) {
    Bench bench;
    bench.learn("TAG", kAccepted);
    const FoundIdTag result = find_id_tag<CacheSearch>(bench.cache, "TAG", [&] {
      TEST_ASSERT_TRUE(bench.cache.clear(StorageDone()));
      if (is_file_gone) bench.storage.files.erase(file_name(0));
      bench.storage.run_all();
    });
    TEST_ASSERT_EQUAL_STRING("unknown", result.status().c_str());
  }
}

void entry_that_its_file_does_not_have_is_unknown() {
  Bench bench;
  bench.learn("TAG0", kAccepted);
  const std::string earlier = bench.storage.files[file_name(0)];
  bench.learn("TAG1", kAccepted);
  bench.storage.files[file_name(0)] = earlier;
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("TAG1").c_str());
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("TAG0").c_str());
}

void entries_beyond_the_room_that_waits_for_the_flash_are_dropped() {
  Bench bench;
  const std::string info = R"({"status":"Accepted","parentIdTag":"12345678901234567890"})";
  for (int i = 10; i < 30; ++i) bench.report("ID TAG WITH THE " + std::to_string(i), info);
  check_contains("idTag ID TAG WITH THE 29 is not added to the authorization cache", bench.uart.written());
  bench.save();
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("ID TAG WITH THE 10").c_str());
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("ID TAG WITH THE 29").c_str());
}

void second_clear_has_to_wait_for_the_first() {
  Bench bench;
  TEST_ASSERT_TRUE(bench.cache.clear(StorageDone()));
  TEST_ASSERT_FALSE(bench.cache.clear(StorageDone()));
  bench.storage.run_all();
  TEST_ASSERT_TRUE(bench.cache.clear(StorageDone()));
}

void clear_without_room_for_a_job_changes_nothing() {
  const std::map<std::string, std::string> files = {{"auth_cache", R"({"epoch":3,"incomplete":true})"}};
  Bench bench(files);
  bench.learn("TAG", kAccepted);
  bench.storage.is_full = true;
  TEST_ASSERT_FALSE(bench.cache.clear(StorageDone()));
  bench.storage.is_full = false;
  TEST_ASSERT_TRUE(bench.cache.is_incomplete());
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("TAG").c_str());
  TEST_ASSERT_EQUAL_STRING("Accepted", Bench(bench.storage.files).status("TAG").c_str());
}

void clear_that_fails_is_reported_and_carried_out_later() {
  Bench bench;
  bench.learn("TAG", kAccepted);
  StorageResult answer = StorageResult::busy;
  TEST_ASSERT_TRUE(bench.cache.clear(
      {[](void* into, StorageResult result) { *static_cast<StorageResult*>(into) = result; }, &answer}));
  bench.storage.result = StorageResult::full;
  bench.storage.run_all();
  TEST_ASSERT_TRUE(answer == StorageResult::full);
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("TAG").c_str());
  bench.storage.result = StorageResult::ok;
  bench.save();
  TEST_ASSERT_EQUAL_STRING("unknown", Bench(bench.storage.files).status("TAG").c_str());
}

void clear_removes_every_file() {
  Bench bench;
  fill(bench);
  TEST_ASSERT_TRUE(bench.cache.clear(StorageDone()));
  bench.save();
  TEST_ASSERT_EQUAL_size_t(1, bench.storage.files.size());
}

/// For a moment during its work, the storage accepts no job, or every job fails.
void work_of_the_cache_survives_any_moment_of_a_storage_without_room() {
  const std::map<std::string, std::string> old_format = {
      {"auth_cache", R"([{"idTag":"OLD","status":"Blocked"},{"idTag":"CHANGED","status":"Accepted"}])"}};
  const std::map<std::string, std::string> damaged = {{file_name(1), "damaged"}};
  Bench before;
  before.learn("TAG", kAccepted);
  const std::map<std::string, std::string> with_entry = before.storage.files;
  for (const auto& files : {old_format, damaged, with_entry}) {
    for (int moment = 0; moment < 48; ++moment) {
      const bool fails = moment % 2 == 1;
      Bench bench(files);
      list_id_tag(bench, "LISTED");
      for (const char* id_tag : {"LISTED", "TAG", "CHANGED"}) bench.report(id_tag, R"({"status":"Invalid"})");
      for (int i = 0; i < moment / 2; ++i) {
        bench.cache.poll(bench.clock.now());
        if (i % 2 == 1) bench.storage.run_one();
      }
      bench.storage.is_full = !fails;
      if (fails) bench.storage.result = StorageResult::failed;
      bench.storage.run_one();
      const Millis due = bench.cache.poll(bench.clock.now());
      TEST_ASSERT_TRUE(due == kNever || due <= bench.clock.now() + AuthCache::kRetryPause);
      bench.storage.is_full = false;
      bench.storage.result = StorageResult::ok;
      for (int i = 0; i < 2; ++i) {
        bench.clock.advance(AuthCache::kRetryPause);
        bench.save();
      }
      Bench again(bench.storage.files);
      for (Bench* each : {&bench, &again}) {
        TEST_ASSERT_EQUAL_STRING("Invalid", each->status("TAG").c_str());
        TEST_ASSERT_EQUAL_STRING("Invalid", each->status("CHANGED").c_str());
        // A failed read of the list's page does not hold up the entry.
        if (!fails) TEST_ASSERT_EQUAL_STRING("unknown", each->status("LISTED").c_str());
        TEST_ASSERT_EQUAL_STRING(files == old_format ? "Blocked" : "unknown", each->status("OLD").c_str());
        TEST_ASSERT_EQUAL(files == damaged, each->cache.is_incomplete());
      }
      TEST_ASSERT_EQUAL_size_t_MESSAGE(0, bench.storage.files.count(file_name(1)), "the damaged file is removed");
    }
  }
}

/// The file is read to compare an entry of the same idTag, or to add one. Only a file that cannot be used is lost.
void read_that_fails_is_repeated_unless_the_file_is_lost() {
  struct Case {
    StorageResult result;
    bool is_lost;
  };
  for (const char* id_tag : {"TAG", "NEW"}) {
    for (const Case& c :
         {Case{StorageResult::corrupt, true}, Case{StorageResult::newer, true}, Case{StorageResult::not_found, true},
          Case{StorageResult::failed, false}, Case{StorageResult::too_large, false}}) {
      Bench bench;
      bench.learn("TAG", kAccepted);
      bench.learn("KEPT", kAccepted);
      bench.report(id_tag, R"({"status":"Blocked"})");
      bench.cache.poll(bench.clock.now());
      bench.storage.result = c.result;
      TEST_ASSERT_TRUE(bench.storage.run_one());
      bench.storage.result = StorageResult::ok;
      TEST_ASSERT_EQUAL(c.is_lost, bench.cache.is_incomplete());
      bench.save();
      bench.clock.advance(AuthCache::kRetryPause);
      bench.save();
      TEST_ASSERT_EQUAL_STRING("Blocked", bench.status(id_tag).c_str());
      TEST_ASSERT_EQUAL_STRING(c.is_lost ? "unknown" : "Accepted", bench.status("KEPT").c_str());
    }
  }
}

void entry_that_cannot_be_read_is_neither_a_hit_nor_a_miss() {
  Bench bench;
  bench.learn("TAG", kAccepted);
  for (const auto& file : bench.storage.files) bench.storage.lost.insert(file.first);
  TEST_ASSERT_EQUAL_STRING("unreadable", bench.status("TAG").c_str());
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
  RUN_TEST(entry_counts_before_it_is_written);
  RUN_TEST(unchanged_entries_are_not_written);
  RUN_TEST(cache_holds_200_entries);
  RUN_TEST(full_cache_evicts_the_least_recent_entry);
  RUN_TEST(full_cache_keeps_a_frequent_entry);
  RUN_TEST(full_cache_keeps_its_order_over_a_restart);
  RUN_TEST(full_cache_evicts_invalid_and_expired_entries_first);
  RUN_TEST(full_cache_keeps_blocked_entries_as_long_as_accepted_ones);
  RUN_TEST(files_of_ascii_texts_are_small);
  RUN_TEST(longest_texts_fit);
  RUN_TEST(id_tag_of_the_local_list_is_not_added);
  RUN_TEST(failed_write_is_retried_later);
  RUN_TEST(cleared_cache_stays_empty_after_a_restart);
  RUN_TEST(cache_can_be_cleared_at_any_moment);
  RUN_TEST(entries_of_the_earlier_format_are_taken);
  RUN_TEST(entry_of_the_earlier_format_replaces_no_later_one);
  RUN_TEST(cache_whose_file_was_damaged_is_incomplete_until_it_is_cleared);
  RUN_TEST(file_that_is_lost_at_run_time_does_not_hold_up_new_entries);
  RUN_TEST(entry_that_cannot_be_read_is_neither_a_hit_nor_a_miss);
  RUN_TEST(disabled_cache_finds_nothing);
  RUN_TEST(cache_whose_file_cannot_be_read_at_the_start_is_incomplete);
  RUN_TEST(damaged_head_begins_an_epoch_that_no_file_has);
  RUN_TEST(file_beyond_the_cache_is_ignored);
  RUN_TEST(id_tags_with_the_same_hash_are_different);
  RUN_TEST(search_during_which_the_cache_is_cleared_finds_nothing);
  RUN_TEST(entry_that_its_file_does_not_have_is_unknown);
  RUN_TEST(entries_beyond_the_room_that_waits_for_the_flash_are_dropped);
  RUN_TEST(second_clear_has_to_wait_for_the_first);
  RUN_TEST(clear_without_room_for_a_job_changes_nothing);
  RUN_TEST(clear_that_fails_is_reported_and_carried_out_later);
  RUN_TEST(clear_removes_every_file);
  RUN_TEST(work_of_the_cache_survives_any_moment_of_a_storage_without_room);
  RUN_TEST(read_that_fails_is_repeated_unless_the_file_is_lost);
  RUN_TEST(full_cache_evicts_the_oldest_of_its_invalid_entries);
  RUN_TEST(full_cache_keeps_an_entry_that_expires_after_2106);
  RUN_TEST(full_cache_without_the_time_evicts_the_oldest_entry);
  return UNITY_END();
}
