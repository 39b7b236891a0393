#include <string>
#include <vector>

#include "features/local_list/local_list.h"
#include "features/storage/littlefs_storage.h"
#include "support/check.h"
#include "support/fake_clock.h"
#include "support/fake_storage.h"
#include "support/fake_uart.h"
#include "support/fake_worker.h"
#include "support/id_tag_search.h"
#include "support/ram_flash.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

constexpr UnixMillis kNow = 1'714'564'800'000;  // 2024-05-01T12:00:00Z
constexpr auto kAccepted = AuthorizationStatus::accepted;
constexpr auto kBlocked = AuthorizationStatus::blocked;

/// A change of the list: an idTag and its status, or its removal.
struct Entry {
  std::string id_tag;
  AuthorizationStatus status = kAccepted;
  bool is_removal = false;
  UnixMillis expires = 0;
  std::string parent = "";
};

Text text(const std::string& value) { return {value.data(), value.size()}; }

/// An idTag of 20 characters.
std::string long_tag(size_t number) {
  std::string digits = std::to_string(number);
  return "TAG" + std::string(17 - digits.size(), '0') + digits;
}

/// A list with its storage.
template <class Files>
struct Bench {
  FakeClock clock;
  FakeUart uart;
  Logger log{clock, uart};
  Files& storage;
  TimeSync time{clock, storage};
  Settings settings;
  LocalList list{storage, time, settings, log};

  explicit Bench(Files& files) : storage(files) {
    list.load();
    time.set_from_csms(kNow);
  }

  /// Updates the list. @return the result; `busy` if the update has not ended.
  StorageResult update(LocalList::Kind kind, int64_t version, const std::vector<Entry>& entries) {
    list.update().clear();
    for (const Entry& entry : entries) {
      const IdTagRecord record{text(entry.id_tag), entry.status, entry.expires, text(entry.parent), entry.is_removal};
      TEST_ASSERT_TRUE(list.update().add(record) == ListUpdate::Added::ok);
    }
    StorageResult result = StorageResult::busy;
    list.start(kind, version,
               {[](void* into, StorageResult end) { *static_cast<StorageResult*>(into) = end; }, &result});
    finish();
    return result;
  }
  StorageResult full(int64_t version, const std::vector<Entry>& entries) {
    return update(LocalList::Kind::full, version, entries);
  }
  StorageResult change(int64_t version, const std::vector<Entry>& entries) {
    return update(LocalList::Kind::differential, version, entries);
  }
  /// Fills the list with `count` long entries.
  void fill(size_t count) {
    for (size_t from = 0; from < count; from += ListUpdate::kMaxEntries) {
      std::vector<Entry> entries;
      for (size_t i = from; i < count && i < from + ListUpdate::kMaxEntries; ++i) {
        entries.push_back({long_tag(i), kAccepted, false, kNow + 1'000, long_tag(i % 7)});
      }
      const auto version = static_cast<int64_t>(from + 1);
      TEST_ASSERT_TRUE((from == 0 ? full(version, entries) : change(version, entries)) == StorageResult::ok);
    }
  }
  void finish() {
    for (int i = 0; i < 400; ++i) {
      list.poll(clock.now());
      run(storage);
      clock.advance(LocalList::kBusyPause);
    }
  }

  FoundIdTag find(const std::string& id_tag) {
    return find_id_tag<ListSearch>(list, id_tag, [this] { run(storage); });
  }
  std::string status(const std::string& id_tag) { return find(id_tag).status(); }

  static void run(FakeStorage& files) { files.run_all(); }
  static void run(LittleFsStorage&) { worker().deliver_all(); }
  static FakeWorker& worker() {
    static FakeWorker one;
    return one;
  }
};

using FakeBench = Bench<FakeStorage>;

std::string tag(int i) { return "TAG" + std::to_string(i); }

std::vector<Entry> tags(int from, int to) {
  std::vector<Entry> entries;
  for (int i = from; i < to; ++i) entries.push_back({tag(i)});
  return entries;
}

// ---- search

// ---- the records of the files

std::string encoded(const IdTagRecord& record) {
  uint8_t bytes[IdTagRecord::kMaxEncoded];
  const size_t length = record.encode(bytes);
  return {reinterpret_cast<const char*>(bytes), length};
}

void record_is_read_as_it_was_written() {
  const std::string longest(80, 'x');
  for (const IdTagRecord& record :
       {IdTagRecord{"TAG", kBlocked, 0, "", false}, IdTagRecord{"", kAccepted, 0, "", true},
        IdTagRecord{"TAG", kAccepted, kNow, "FLEET", false}, IdTagRecord{"TAG", kAccepted, -1, "", false},
        IdTagRecord{text(longest), kAccepted, INT64_MIN, text(longest), true}}) {
    const std::string bytes = encoded(record);
    IdTagRecord read;
    const std::string page = bytes + "rest";
    TEST_ASSERT_EQUAL_size_t(bytes.size(), read.decode(text(page).bytes()));
    check_text(str(record.id_tag), read.id_tag);
    check_text(str(record.parent), read.parent);
    TEST_ASSERT_TRUE(read.status == record.status);
    TEST_ASSERT_TRUE(read.expires == record.expires);
    TEST_ASSERT_EQUAL(record.is_removal, read.is_removal);
    for (size_t length = 0; length < bytes.size(); ++length) {
      const std::string cut = bytes.substr(0, length);
      TEST_ASSERT_EQUAL_size_t_MESSAGE(0, read.decode(text(cut).bytes()), "a part of a record");
    }
  }
}

void record_that_no_firmware_writes_is_damaged() {
  for (const std::string& bytes : {
           std::string("\x08\x01T", 3),             // an unknown part
           std::string("\x40\x01T", 3),             // an unknown part
           std::string("\x05\x01T", 3),             // an unknown status
           "\x01\x51" + std::string(81, 'T'),       // an idTag that is too long
           "\x21\x01T\x51" + std::string(81, 'P'),  // a parentIdTag that is too long
       }) {
    IdTagRecord read;
    TEST_ASSERT_EQUAL_size_t(0, read.decode(text(bytes).bytes()));
  }
}

void record_that_does_not_fit_is_not_written() {
  const std::string too_long(81, 'x');
  TEST_ASSERT_EQUAL_STRING("", encoded({text(too_long), kAccepted, 0, "", false}).c_str());
  TEST_ASSERT_EQUAL_STRING("", encoded({"TAG", kAccepted, 0, text(too_long), false}).c_str());
  const IdTagRecord record{"TAG", kAccepted, kNow, "FLEET", false};
  uint8_t bytes[IdTagRecord::kMaxEncoded];
  const size_t length = encoded(record).size();
  TEST_ASSERT_EQUAL_size_t(0, record.encode({bytes, length - 1}));
  TEST_ASSERT_EQUAL_size_t(length, record.encode({bytes, length}));
}

/// A search in a page relies on an order in which different idTags are never equal, also with the same hash.
void id_tags_are_ordered_by_hash_and_then_by_text() {
  struct Case {
    Text first;
    Text second;
    bool has_same_hash;
  };
  for (const Case& c :
       {Case{"a", "b", false}, Case{"9f1bf3c9", "c7db61a7", true}, Case{"02a5cdbe", "E25453A0", true},
        Case{"71b2993f", "AB374AE5", true}, Case{"tag", "tagulfh1zt", true}, Case{"TAG", "tag3TDO9XL", true}}) {
    TEST_ASSERT_EQUAL(c.has_same_hash, hash_of_id_tag(c.first) == hash_of_id_tag(c.second));
    TEST_ASSERT_EQUAL_INT(0, compare_id_tags(c.first, c.first));
    const int order = compare_id_tags(c.first, c.second);
    TEST_ASSERT_NOT_EQUAL_INT(0, order);
    TEST_ASSERT_EQUAL_INT(-order, compare_id_tags(c.second, c.first));
    if (c.has_same_hash) TEST_ASSERT_EQUAL_INT(-1, order);
  }
  TEST_ASSERT_EQUAL_INT(0, compare_id_tags("Tag[Z]", "tAG[z]"));
}

void hash_covers_the_longest_id_tag() {
  const std::string longest(80, 'x');
  TEST_ASSERT_TRUE(hash_of_id_tag(text(longest)) == hash_of_id_tag(text(std::string(80, 'X'))));
  TEST_ASSERT_FALSE(hash_of_id_tag(text(longest)) == hash_of_id_tag(text(std::string(79, 'x') + "y")));
}

void new_list_is_empty() {
  FakeStorage files;
  FakeBench bench(files);
  TEST_ASSERT_TRUE(bench.list.version() == 0);
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("TAG").c_str());
}

void id_tags_are_found_case_insensitively() {
  FakeStorage files;
  FakeBench bench(files);
  TEST_ASSERT_TRUE(bench.full(1, {{"Tag"}, {"other", kBlocked}}) == StorageResult::ok);
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("TAG").c_str());
  TEST_ASSERT_EQUAL_STRING("Blocked", bench.status("OTHER").c_str());
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("TA").c_str());
}

void entry_has_its_group_and_expires() {
  FakeStorage files;
  FakeBench bench(files);
  bench.full(1, {{"TAG", kAccepted, false, kNow + 10'000, "FLEET"}});
  check_text("FLEET", bench.find("TAG").info.parent.text());
  bench.time.set_from_csms(kNow + 9'999);
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("TAG").c_str());
  bench.time.set_from_csms(kNow + 10'000);
  TEST_ASSERT_EQUAL_STRING("Expired", bench.status("TAG").c_str());
}

/// Section 3.5.2 lists ConcurrentTx with the valid idTags.
void concurrent_tx_is_valid() {
  FakeStorage files;
  FakeBench bench(files);
  bench.full(1, {{"TAG", AuthorizationStatus::concurrent_tx}});
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("TAG").c_str());
}

void disabled_list_finds_nothing() {
  FakeStorage files;
  FakeBench bench(files);
  bench.full(1, {{"TAG"}});
  bench.settings.local_auth_list_enabled = false;
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("TAG").c_str());
}

/// Several pages: an idTag is found by reading one of them, or two if the second one begins with it.
void search_reads_the_page_of_the_id_tag() {
  FakeStorage files;
  FakeBench bench(files);
  bench.fill(LocalList::kMaxEntries);
  TEST_ASSERT_EQUAL_size_t(LocalList::kMaxEntries, bench.list.entries());
  TEST_ASSERT_GREATER_THAN_size_t(10, files.files.size());
  size_t reads = 0;
  for (size_t i = 0; i < LocalList::kMaxEntries; ++i) {
    ListSearch search;
    search.id_tag.assign(text(long_tag(i)));
    search.done = [](void* context, IdTagFound found, const IdTagInfo&) {
      *static_cast<bool*>(context) = found == IdTagFound::yes;
    };
    bool is_found = false;
    search.context = &is_found;
    TEST_ASSERT_TRUE(bench.list.find(search));
    while (files.run_one()) ++reads;
    TEST_ASSERT_TRUE(is_found);
  }
  TEST_ASSERT_LESS_THAN_size_t(LocalList::kMaxEntries + ListHead::kMaxPages, reads);
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status(long_tag(LocalList::kMaxEntries)).c_str());
}

void search_without_room_for_a_job_is_repeated_by_its_owner() {
  FakeStorage files;
  FakeBench bench(files);
  bench.full(1, {{"TAG"}});
  while (files.remove("other", StorageDone())) {
  }
  ListSearch search;
  search.id_tag.assign("TAG");
  TEST_ASSERT_FALSE(bench.list.find(search));
}

void unreadable_page_is_neither_a_hit_nor_a_miss() {
  FakeStorage files;
  FakeBench bench(files);
  bench.full(1, {{"TAG"}});
  for (const auto& file : files.files) files.lost.insert(file.first);
  TEST_ASSERT_EQUAL_STRING("unreadable", bench.status("TAG").c_str());
}

// ---- updates

void full_update_replaces_all_entries() {
  FakeStorage files;
  FakeBench bench(files);
  bench.full(7, tags(0, 50));
  TEST_ASSERT_TRUE(bench.full(3, {{"NEW"}}) == StorageResult::ok);
  TEST_ASSERT_TRUE(bench.list.version() == 3);
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status(tag(1)).c_str());
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("NEW").c_str());
  TEST_ASSERT_EQUAL_size_t(2, files.files.size());
}

void differential_update_adds_changes_and_removes() {
  FakeStorage files;
  FakeBench bench(files);
  bench.full(1, tags(0, 50));
  bench.change(2, tags(50, 100));
  bench.change(3, {{tag(3), kBlocked}, {"tag4", kAccepted, true}, {"NEW"}, {"MISSING", kAccepted, true}});
  TEST_ASSERT_EQUAL_size_t(100, bench.list.entries());
  for (int i = 0; i < 100; ++i) {
    const char* expected = i == 3 ? "Blocked" : i == 4 ? "unknown" : "Accepted";
    TEST_ASSERT_EQUAL_STRING(expected, bench.status(tag(i)).c_str());
  }
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("NEW").c_str());
}

void differential_update_without_entries_changes_the_version() {
  FakeStorage files;
  FakeBench bench(files);
  bench.full(1, {{"TAG"}});
  TEST_ASSERT_TRUE(bench.change(2, {}) == StorageResult::ok);
  TEST_ASSERT_TRUE(bench.list.version() == 2);
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("TAG").c_str());
}

/// Section 5.10: version 0 means that the list is empty.
void empty_list_has_version_0() {
  FakeStorage files;
  FakeBench bench(files);
  bench.full(4, {});
  TEST_ASSERT_TRUE(bench.list.version() == 0);
  bench.full(5, {{"TAG"}});
  bench.change(6, {{"TAG", kAccepted, true}});
  TEST_ASSERT_TRUE(bench.list.version() == 0);
  TEST_ASSERT_EQUAL_size_t(0, bench.list.entries());
}

void old_list_counts_until_the_new_one_is_durable() {
  FakeStorage files;
  FakeBench bench(files);
  bench.full(1, {{"OLD"}});
  bench.list.update().clear();
  bench.list.update().add(record_of("NEW", IdTagInfo()));
  bench.list.start(LocalList::Kind::full, 2, StorageDone());
  for (int i = 0; i < 2; ++i) {
    TEST_ASSERT_TRUE(bench.list.version() == 1);
    bench.list.poll(0);
    TEST_ASSERT_TRUE(files.run_one());
  }
  TEST_ASSERT_TRUE(bench.list.version() == 2);
}

void id_tag_that_occurs_twice_is_rejected() {
  ListUpdate update;
  update.clear();
  TEST_ASSERT_TRUE(update.add(record_of("TAG", IdTagInfo())) == ListUpdate::Added::ok);
  TEST_ASSERT_TRUE(update.add(record_of("tag", IdTagInfo())) == ListUpdate::Added::twice);
  TEST_ASSERT_EQUAL_size_t(1, update.count());
}

void update_has_room_for_its_longest_entries() {
  ListUpdate update;
  update.clear();
  for (size_t i = 0; i < ListUpdate::kMaxEntries; ++i) {
    const std::string id_tag = long_tag(i);
    const IdTagRecord record{text(id_tag), kAccepted, kNow, "12345678901234567890", false};
    TEST_ASSERT_TRUE(update.add(record) == ListUpdate::Added::ok);
  }
  TEST_ASSERT_TRUE(update.add(record_of("ONE MORE", IdTagInfo())) == ListUpdate::Added::no_room);
}

void update_beyond_the_longest_list_fails_and_changes_nothing() {
  FakeStorage files;
  FakeBench bench(files);
  bench.fill(LocalList::kMaxEntries);
  const auto before = files.files;
  TEST_ASSERT_TRUE(bench.change(1'000, {{"ONE MORE"}}) == StorageResult::too_large);
  TEST_ASSERT_TRUE(files.files == before);
  TEST_ASSERT_EQUAL_STRING("unknown", bench.status("ONE MORE").c_str());
  TEST_ASSERT_TRUE(bench.change(1'001, {{"ONE MORE"}, {long_tag(0), kAccepted, true}}) == StorageResult::ok);
}

void failed_write_changes_nothing_and_leaves_no_file() {
  FakeStorage files;
  FakeBench bench(files);
  bench.full(1, {{"OLD"}});
  const auto before = files.files;
  files.result = StorageResult::full;
  bench.list.update().clear();
  bench.list.update().add(record_of("NEW", IdTagInfo()));
  StorageResult result = StorageResult::ok;
  bench.list.start(LocalList::Kind::full, 2,
                   {[](void* into, StorageResult end) { *static_cast<StorageResult*>(into) = end; }, &result});
  bench.list.poll(0);
  files.run_all();
  TEST_ASSERT_TRUE(result == StorageResult::full);
  files.result = StorageResult::ok;
  bench.clock.advance(LocalList::kRetryPause);
  bench.finish();
  TEST_ASSERT_TRUE(files.files == before);
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("OLD").c_str());
}

void head_that_was_written_although_the_write_failed_counts() {
  FakeStorage files;
  {
    FakeBench bench(files);
    bench.full(1, {{"OLD"}});
    files.written_but_failed = "auth_list";
    TEST_ASSERT_TRUE(bench.full(2, {{"NEW"}}) == StorageResult::ok);
    TEST_ASSERT_EQUAL_STRING("Accepted", bench.status("NEW").c_str());
  }
  FakeBench again(files);
  TEST_ASSERT_FALSE(again.list.is_incomplete());
  TEST_ASSERT_EQUAL_STRING("Accepted", again.status("NEW").c_str());
}

// ---- after a restart

void list_survives_a_restart() {
  FakeStorage files;
  {
    FakeBench bench(files);
    bench.fill(120);
  }
  FakeBench bench(files);
  TEST_ASSERT_FALSE(bench.list.is_incomplete());
  TEST_ASSERT_TRUE(bench.list.version() == 101);
  TEST_ASSERT_EQUAL_STRING("Accepted", bench.status(long_tag(77)).c_str());
}

/// Its entries may have been blocked: it counts as incomplete until a full list replaces it.
void damaged_list_is_incomplete_until_a_full_one() {
  for (const std::string damage : {"head", "a page", "no page"}) {
    FakeStorage files;
    {
      FakeBench bench(files);
      bench.full(5, tags(0, 50));
    }
    const std::string page =
        files.files.begin()->first == "auth_list" ? std::next(files.files.begin())->first : files.files.begin()->first;
    if (damage == "head") files.files["auth_list"] = "{\"version\":5";
    if (damage == "a page") files.files[page][0] = '\x7f';
    if (damage == "no page") files.files.erase(page);
    for (int boot = 0; boot < 2; ++boot) {
      FakeBench bench(files);
      TEST_ASSERT_TRUE_MESSAGE(bench.list.is_incomplete(), damage.c_str());
      TEST_ASSERT_TRUE(bench.list.version() == 0);
      TEST_ASSERT_EQUAL_STRING("unknown", bench.status(tag(1)).c_str());
      check_contains("the local authorization list is lost", bench.uart.written());
      bench.finish();
    }
    FakeBench bench(files);
    TEST_ASSERT_TRUE(bench.full(6, {{"TAG"}}) == StorageResult::ok);
    TEST_ASSERT_FALSE(bench.list.is_incomplete());
    FakeBench next(files);
    TEST_ASSERT_FALSE(next.list.is_incomplete());
    TEST_ASSERT_EQUAL_STRING("Accepted", next.status("TAG").c_str());
  }
}

/// The power is cut at each flash operation of an update, torn in three ways: the next start has one list or the other.
void power_cut_leaves_the_old_or_the_new_list() {
  RamFlash prepared;
  {
    LittleFsStorage storage(prepared, Bench<LittleFsStorage>::worker());
    storage.mount();
    storage.start();
    Bench<LittleFsStorage> bench(storage);
    bench.fill(100);
  }
  bool was_old = false;
  bool was_new = false;
  for (const Tear tear : {Tear::none, Tear::half, Tear::random}) {
    for (uint64_t operation = 1;; ++operation) {
      RamFlash flash = prepared;
      flash.cut_at(operation, tear);
      {
        LittleFsStorage storage(flash, Bench<LittleFsStorage>::worker());
        storage.mount();
        storage.start();
        Bench<LittleFsStorage> bench(storage);
        bench.change(999, {{"NEW"}, {long_tag(3), kAccepted, true}, {long_tag(70), kBlocked}});
      }
      const bool was_cut = flash.dead();
      flash.power_on();
      LittleFsStorage storage(flash, Bench<LittleFsStorage>::worker());
      TEST_ASSERT_TRUE(storage.mount() == StorageResult::ok);
      storage.start();
      Bench<LittleFsStorage> bench(storage);
      TEST_ASSERT_FALSE(bench.list.is_incomplete());
      const bool is_new = bench.list.version() == 999;
      TEST_ASSERT_TRUE(is_new || bench.list.version() == 51);
      TEST_ASSERT_EQUAL_STRING(is_new ? "Accepted" : "unknown", bench.status("NEW").c_str());
      TEST_ASSERT_EQUAL_STRING(is_new ? "unknown" : "Accepted", bench.status(long_tag(3)).c_str());
      TEST_ASSERT_EQUAL_STRING(is_new ? "Blocked" : "Accepted", bench.status(long_tag(70)).c_str());
      TEST_ASSERT_EQUAL_size_t(100, bench.list.entries());
      (is_new ? was_new : was_old) = true;
      if (!was_cut) break;
    }
  }
  TEST_ASSERT_TRUE(was_old && was_new);
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(new_list_is_empty);
  RUN_TEST(id_tags_are_found_case_insensitively);
  RUN_TEST(entry_has_its_group_and_expires);
  RUN_TEST(concurrent_tx_is_valid);
  RUN_TEST(disabled_list_finds_nothing);
  RUN_TEST(search_reads_the_page_of_the_id_tag);
  RUN_TEST(search_without_room_for_a_job_is_repeated_by_its_owner);
  RUN_TEST(unreadable_page_is_neither_a_hit_nor_a_miss);
  RUN_TEST(full_update_replaces_all_entries);
  RUN_TEST(differential_update_adds_changes_and_removes);
  RUN_TEST(differential_update_without_entries_changes_the_version);
  RUN_TEST(empty_list_has_version_0);
  RUN_TEST(old_list_counts_until_the_new_one_is_durable);
  RUN_TEST(id_tag_that_occurs_twice_is_rejected);
  RUN_TEST(update_has_room_for_its_longest_entries);
  RUN_TEST(update_beyond_the_longest_list_fails_and_changes_nothing);
  RUN_TEST(failed_write_changes_nothing_and_leaves_no_file);
  RUN_TEST(head_that_was_written_although_the_write_failed_counts);
  RUN_TEST(list_survives_a_restart);
  RUN_TEST(damaged_list_is_incomplete_until_a_full_one);
  RUN_TEST(power_cut_leaves_the_old_or_the_new_list);
  RUN_TEST(record_is_read_as_it_was_written);
  RUN_TEST(record_that_no_firmware_writes_is_damaged);
  RUN_TEST(record_that_does_not_fit_is_not_written);
  RUN_TEST(id_tags_are_ordered_by_hash_and_then_by_text);
  RUN_TEST(hash_covers_the_longest_id_tag);
  return UNITY_END();
}
