// The wear of the flash in normal use, and the space that all files take together, on littlefs on the real partition.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "features/auth_cache/auth_cache.h"
#include "features/config/config.h"
#include "features/log_store/log_store.h"
#include "features/schema/schema_store.h"
#include "features/storage/littlefs_storage.h"
#include "support/fake_retained_ram.h"
#include "support/fake_worker.h"
#include "support/ram_flash.h"
#include "test_transactions/rig.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

/// Erases that a block of a flash chip endures, and the part that a year may use.
constexpr uint32_t kEndurance = 100'000;
constexpr uint32_t kMostInAYear = kEndurance / 100;
constexpr Millis kMinute = 60'000;
constexpr Millis kDay = 24 * 60 * kMinute;

/// Counts the erases of each block.
class CountingFlash final : public Flash {
 public:
  size_t size() const override { return flash_.size(); }
  FlashResult read(size_t offset, MutableBytes into) override { return flash_.read(offset, into); }
  FlashResult program(size_t offset, Bytes bytes) override { return flash_.program(offset, bytes); }
  FlashResult erase(size_t offset) override {
    ++counts_[offset / kSectorSize];
    return flash_.erase(offset);
  }
  bool claims_full() const override { return false; }

  void start_counting() { counts_.assign(counts_.size(), 0); }
  uint32_t worst() const { return *std::max_element(counts_.begin(), counts_.end()); }
  uint64_t all() const {
    uint64_t sum = 0;
    for (const uint32_t count : counts_) sum += count;
    return sum;
  }

 private:
  RamFlash flash_;
  std::vector<uint32_t> counts_ = std::vector<uint32_t>(flash_.size() / kSectorSize);
};

/// A device with every feature that writes files, on one storage.
struct Rig {
  CountingFlash flash;
  FakeClock clock;
  FakeWorker worker;
  LittleFsStorage storage{flash, worker};
  Device device{storage, clock, 1};
  Settings settings;
  LocalList list{storage, device.time, settings, device.log};
  AuthCache cache{storage, list, device.time, settings, device.log};
  Config config{storage, device.log};
  FakeRetainedRam retained;
  LogStore log_store{retained.bytes(), clock, storage, device.time, settings, device.log};
  Csms csms;
  bool online = true;
  size_t tags = 0;
  uint32_t changes = 0;

  Rig() {
    settings.authorization_cache_enabled = true;
    storage.mount();
    config.load(1);
    log_store.load();
    device.log.set_sink(log_store.sink());
    device.load();
    list.load();
    cache.load();
    device.transactions.set_id_tag_listener(cache);
    storage.start();
    device.set_time();
    work();
  }

  void work() {
    for (int quiet = 0; quiet < 2;) {
      device.transactions.poll(clock.now());
      list.poll(clock.now());
      cache.poll(clock.now());
      config.poll(clock.now());
      log_store.poll(clock.now());
      device.time.poll(clock.now());
      bool any = worker.deliver();
      any = (online && device.exchange(csms)) || any;
      quiet = any ? 0 : quiet + 1;
    }
    csms.messages.clear();
    csms.seen.clear();
  }
  void pass(Millis duration) {
    clock.advance(duration);
    work();
  }

  void log(int lines) {
    for (int i = 0; i < lines; ++i)
      device.log.info("charging", "a line of the length that most lines have", Field{"n", i});
  }

  /// An idTag of 20 characters that was not there before.
  std::string new_tag() {
    const std::string digits = std::to_string(++tags);
    return std::string(20 - digits.size(), 'T') + digits;
  }
  IdTagInfo full_info() {
    IdTagInfo info;
    info.status = AuthorizationStatus::accepted;
    info.expires = kNoon + 1'000'000'000'000;
    info.parent.assign("12345678901234567890");
    return info;
  }
  /// Adds entries to the list. With one entry, the last added idTag is removed, so that the list keeps its length.
  void update_list(size_t entries) {
    list.update().clear();
    for (size_t i = 0; i < entries; ++i) {
      const std::string tag = new_tag();
      list.update().add(record_of({tag.data(), tag.size()}, full_info()));
    }
    IdTagRecord removed;
    removed.id_tag = {removed_.data(), removed_.size()};
    removed.is_removal = true;
    if (entries == 1 && !removed_.empty()) list.update().add(removed);
    removed_ = new_tag_of_last_update();
    bool is_done = false;
    list.start(
        LocalList::Kind::differential, list.version() + 1,
        {[](void* done, StorageResult result) { *static_cast<bool*>(done) = result == StorageResult::ok; }, &is_done});
    for (int i = 0; i < 100 && !is_done; ++i) pass(LocalList::kBusyPause);
    TEST_ASSERT_TRUE(is_done);
    work();
  }
  std::string new_tag_of_last_update() const {
    const std::string digits = std::to_string(tags);
    return std::string(20 - digits.size(), 'T') + digits;
  }
  void fill_list() {
    for (size_t entries = 0; entries < LocalList::kMaxEntries; entries += ListUpdate::kMaxEntries) {
      update_list(ListUpdate::kMaxEntries);
    }
  }
  /// Changes a setting, which is written with its copy.
  void change_setting() {
    TEST_ASSERT_NULL(config.set("nominal_voltage_v", ++changes % 2 == 0 ? "230" : "231", StorageDone()));
    work();
  }
  /// Puts another pack of schemas into use, which writes one file to the storage.
  void change_pack() {
    const uint8_t record[8] = {static_cast<uint8_t>(++changes % 2)};
    TEST_ASSERT_TRUE(storage.write(SchemaStore::kFile, record, StorageDone()));
    work();
  }
  /// The CSMS reports a new idTag.
  void meet() {
    const std::string tag = new_tag();
    cache.on_id_tag_info({tag.data(), tag.size()}, full_info());
    work();
  }
  void charge(int samples) {
    uint64_t energy_wh = device.transactions.energy_wh();
    TEST_ASSERT_TRUE(device.transactions.begin("TAG", energy_wh, clock.now()));
    work();
    for (int i = 0; i < samples; ++i) {
      clock.advance(kMinute);
      energy_wh += 183;  // 11 kW
      device.sample(energy_wh);
      device.transactions.note_energy(energy_wh);
      work();
    }
    device.transactions.end(StopReason::local, "TAG", energy_wh, clock.now());
    work();
  }

 private:
  std::string removed_;
};

/// A day has four charges of two hours with a sample a minute, ten new idTags, an update of a list of full length, four
/// changed settings and another pack of schemas. The log has 30 lines at each charge and one line an hour. The test
/// simulates a week. In a week littlefs does not move the busiest blocks yet; it moves them after 500 erases, so a year
/// wears all blocks. The mean may therefore use half of the limit: the other half is for blocks above the mean.
void a_year_of_normal_use_wears_no_block_by_1_percent() {
  constexpr int kDays = 7;
  Rig rig;
  rig.fill_list();
  rig.flash.start_counting();
  for (int day = 0; day < kDays; ++day) {
    for (int i = 0; i < 4; ++i) {
      rig.log(30);
      rig.charge(120);
      rig.change_setting();
    }
    for (int i = 0; i < 10; ++i) rig.meet();
    rig.update_list(1);
    rig.change_pack();
    for (int hour = 0; hour < 16; ++hour) {
      rig.log(1);
      rig.pass(60 * kMinute);
    }
  }
  const uint64_t in_a_year = rig.flash.all() * 365 / kDays;
  const uint64_t blocks = rig.flash.size() / Flash::kSectorSize;
  const std::string figures = std::to_string(in_a_year / blocks) + " erases of each block in a year; in " +
                              std::to_string(kDays) + " days " + std::to_string(rig.flash.worst()) +
                              " of the worst one";
  TEST_MESSAGE(figures.c_str());
  TEST_ASSERT_LESS_THAN_UINT64_MESSAGE(kMostInAYear / 2, in_a_year / blocks, figures.c_str());
  TEST_ASSERT_LESS_THAN_UINT32_MESSAGE(kMostInAYear, rig.flash.worst(), figures.c_str());
}

/// A list and a cache of full length, and the samples of a charge of 30 hours without a CSMS.
void all_files_fit_into_the_partition() {
  Rig rig;
  rig.fill_list();
  for (size_t i = 0; i < AuthCache::kMaxEntries; ++i) rig.meet();
  rig.online = false;
  TEST_ASSERT_TRUE(rig.device.transactions.begin("TAG", 0, rig.clock.now()));
  for (uint64_t i = 1; i <= MessageQueue::kMaxSamples; ++i) {
    rig.clock.advance(kMinute);
    rig.device.sample(i);
    rig.work();
  }
  TEST_ASSERT_EQUAL_UINT32(0, rig.device.transactions.dropped());
  // An update needs the pages of the list twice.
  rig.update_list(1);
  const std::string figures = std::to_string(rig.storage.blocks_in_use()) + " blocks are in use";
  TEST_MESSAGE(figures.c_str());
  TEST_ASSERT_LESS_THAN_size_t_MESSAGE(120, rig.storage.blocks_in_use(), figures.c_str());
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(a_year_of_normal_use_wears_no_block_by_1_percent);
  RUN_TEST(all_files_fit_into_the_partition);
  return UNITY_END();
}
