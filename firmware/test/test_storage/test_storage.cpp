#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "features/storage/littlefs_storage.h"
#include "support/check.h"
#include "support/fake_worker.h"
#include "support/ram_flash.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

/// A device's storage; the flash survives it. Each Device is one boot.
struct Device {
  FakeWorker worker;
  std::unique_ptr<LittleFsStorage> storage;
  StorageResult mounted;

  explicit Device(RamFlash& flash, OnDamage on_damage = OnDamage::keep)
      : storage(std::make_unique<LittleFsStorage>(flash, worker)) {
    mounted = storage->mount(on_damage);
    storage->start();
  }
  /// Posts a write. @return whether it was acknowledged as durable.
  bool write(Text name, const std::string& content) {
    return finish(storage->write(name, Text(content.data(), content.size()).bytes(), note()));
  }
  bool write_spare(Text name, const std::string& content) {
    return finish(storage->write_spare(name, Text(content.data(), content.size()).bytes(), note()));
  }
  bool remove(Text name) { return finish(storage->remove(name, note())); }
  /// "" for a missing file.
  std::string read(Text name) {
    uint8_t bytes[Storage::kMaxContent];
    size_t length = 0;
    last = storage->read(name, bytes, length);
    return std::string(reinterpret_cast<const char*>(bytes), length);
  }
  std::set<std::string> list(Text prefix) {
    std::set<std::string> names;
    storage->list(
        prefix, [](void* set, Text name) { static_cast<std::set<std::string>*>(set)->insert(str(name)); }, &names);
    return names;
  }
  StorageResult last = StorageResult::ok;

 private:
  StorageDone note() {
    return {[](void* self, StorageResult result) {
              static_cast<Device*>(self)->last = result;
              ++static_cast<Device*>(self)->answers_;
            },
            this};
  }
  bool finish(bool posted) {
    TEST_ASSERT_TRUE(posted);
    const int before = answers_;
    worker.deliver_all();
    TEST_ASSERT_EQUAL(before + 1, answers_);
    return last == StorageResult::ok;
  }
  int answers_ = 0;
};

constexpr size_t kSectors = 32;

Bytes bytes_of(const std::string& content) { return Text(content.data(), content.size()).bytes(); }

/// The lengths of the contents are out of step with the length of the buffer; each job keeps its own.
void jobs_keep_their_contents_among_other_jobs() {
  StorageJobs jobs;
  std::deque<std::string> expected;
  size_t length = 1;
  for (int i = 0; i < 500; ++i) {
    length = length * 31 % Storage::kMaxContent + 1;
    const std::string content(length, static_cast<char>('a' + i % 26));
    while (jobs.push(bytes_of(content)) == nullptr) {
      const MutableBytes front = jobs.front()->content;
      TEST_ASSERT_EQUAL_size_t(expected.front().size(), front.length);
      TEST_ASSERT_EQUAL_MEMORY(expected.front().data(), front.data, front.length);
      expected.pop_front();
      jobs.drop_front();
    }
    expected.push_back(content);
  }
}

void two_largest_contents_can_be_pending() {
  StorageJobs jobs;
  const std::string largest(Storage::kMaxContent, 'L');
  TEST_ASSERT_NOT_NULL(jobs.push(bytes_of(largest)));
  TEST_ASSERT_NOT_NULL(jobs.push(bytes_of(largest)));
  TEST_ASSERT_NULL(jobs.push(bytes_of(largest)));
  jobs.drop_front();
  StorageJob* third = jobs.push(bytes_of(largest));
  TEST_ASSERT_NOT_NULL(third);
  jobs.drop_newest(*third);
  TEST_ASSERT_NOT_NULL(jobs.push(bytes_of(largest)));
}

void content_in_the_scratch_is_written_after_other_jobs() {
  RamFlash flash(kSectors);
  Device device(flash);
  for (const size_t before : {size_t{1}, size_t{700}, Storage::kMaxContent}) {
    TEST_ASSERT_TRUE(device.storage->write("other", bytes_of(std::string(before, 'o')), {}));
    const MutableBytes scratch = device.storage->scratch();
    TEST_ASSERT_EQUAL_size_t(Storage::kMaxContent, scratch.length);
    memset(scratch.data, 's', scratch.length);
    TEST_ASSERT_TRUE(device.storage->write("built", Bytes{scratch.data, 900}, {}));
    device.worker.deliver_all();
    TEST_ASSERT_EQUAL_STRING(std::string(900, 's').c_str(), device.read("built").c_str());
    TEST_ASSERT_EQUAL_STRING(std::string(before, 'o').c_str(), device.read("other").c_str());
  }
}

void there_is_no_scratch_while_jobs_use_its_space() {
  RamFlash flash(kSectors);
  Device device(flash);
  const std::string largest(Storage::kMaxContent, 'L');
  device.storage->write("a", bytes_of(largest), {});
  device.storage->write("b", bytes_of("b"), {});
  TEST_ASSERT_TRUE(device.storage->scratch().empty());
  device.worker.deliver_all();
  TEST_ASSERT_FALSE(device.storage->scratch().empty());
}

void jobs_wait_for_start_and_reads_work_until_then() {
  RamFlash flash(kSectors);
  TEST_ASSERT_TRUE(Device(flash).write("a", "1"));
  FakeWorker worker;
  LittleFsStorage storage(flash, worker);
  storage.mount();
  TEST_ASSERT_TRUE(storage.write("a", bytes_of("2"), {}));
  uint8_t byte[1];
  size_t length = 0;
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::ok), static_cast<int>(storage.read("a", byte, length)));
  TEST_ASSERT_EQUAL_size_t(0, worker.waiting());
  storage.start();
  TEST_ASSERT_EQUAL_size_t(1, worker.waiting());
  TEST_ASSERT_TRUE(storage.busy());
}

void nothing_is_read_while_a_job_runs() {
  RamFlash flash(kSectors);
  Device device(flash);
  TEST_ASSERT_TRUE(device.write("a", "1"));
  TEST_ASSERT_TRUE(device.storage->write("a", bytes_of("2"), {}));
  device.read("a");
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::busy), static_cast<int>(device.last));
  device.worker.deliver_all();
  TEST_ASSERT_EQUAL_STRING("2", device.read("a").c_str());
}

void a_blank_flash_is_formatted_once() {
  RamFlash flash(kSectors);
  Device first(flash);
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::ok), static_cast<int>(first.mounted));
  TEST_ASSERT_TRUE(first.storage->formatted());
  Device second(flash);
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::ok), static_cast<int>(second.mounted));
  TEST_ASSERT_FALSE(second.storage->formatted());
}

void written_files_survive_a_reboot() {
  RamFlash flash(kSectors);
  const std::string large(Storage::kMaxContent, 'L');
  {
    Device device(flash);
    TEST_ASSERT_TRUE(device.write("small", "abc"));
    TEST_ASSERT_TRUE(device.write("large", large));
    TEST_ASSERT_TRUE(device.write("small", "new"));
  }
  Device device(flash);
  TEST_ASSERT_EQUAL_STRING("new", device.read("small").c_str());
  TEST_ASSERT_EQUAL_STRING(large.c_str(), device.read("large").c_str());
  device.read("other");
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::not_found), static_cast<int>(device.last));
}

void a_removed_file_can_be_removed_again() {
  RamFlash flash(kSectors);
  Device device(flash);
  TEST_ASSERT_TRUE(device.write("a", "1"));
  TEST_ASSERT_TRUE(device.remove("a"));
  TEST_ASSERT_TRUE(device.remove("a"));
  TEST_ASSERT_EQUAL_STRING("", device.read("a").c_str());
}

void list_finds_by_prefix() {
  RamFlash flash(kSectors);
  Device device(flash);
  device.write("tx-1", "a");
  device.write("tx-2", "b");
  device.write("config.json", "{}");
  TEST_ASSERT_TRUE((std::set<std::string>{"tx-1", "tx-2"}) == device.list("tx-"));
  TEST_ASSERT_EQUAL_size_t(3, device.list("").size());
}

void excessive_sizes_are_rejected_at_once() {
  RamFlash flash(kSectors);
  Device device(flash);
  const std::vector<uint8_t> content(Storage::kMaxContent + 1, 'x');
  const std::string name(Storage::kMaxName + 1, 'n');
  LittleFsStorage& storage = *device.storage;
  TEST_ASSERT_FALSE(storage.write("a", {content.data(), content.size()}, {}));
  TEST_ASSERT_FALSE(storage.write("a", {}, {}));
  TEST_ASSERT_FALSE(storage.write("", {content.data(), 1}, {}));
  TEST_ASSERT_FALSE(storage.write({name.data(), name.size()}, {content.data(), 1}, {}));
  TEST_ASSERT_EQUAL_size_t(0, device.worker.waiting());
  TEST_ASSERT_TRUE(storage.write({name.data(), Storage::kMaxName}, {content.data(), Storage::kMaxContent}, {}));
}

void a_file_larger_than_the_buffer_is_not_read_in_part() {
  RamFlash flash(kSectors);
  Device device(flash);
  device.write("a", "12345");
  uint8_t bytes[4];
  size_t length = 99;
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::too_large),
                    static_cast<int>(device.storage->read("a", bytes, length)));
  TEST_ASSERT_EQUAL_size_t(0, length);
}

void jobs_run_in_order_and_a_full_queue_rejects() {
  RamFlash flash(kSectors);
  Device device(flash);
  std::string order;
  const StorageDone note{[](void* context, StorageResult) { static_cast<std::string*>(context)->push_back('.'); },
                         &order};
  for (size_t i = 0; i < StorageJobs::kMaxJobs; ++i) {
    const std::string content(1, static_cast<char>('0' + i));
    TEST_ASSERT_TRUE(device.storage->write("same", Text(content.c_str()).bytes(), note));
  }
  TEST_ASSERT_FALSE(device.storage->write("same", Text("x").bytes(), note));
  device.worker.deliver_all();
  TEST_ASSERT_EQUAL_size_t(StorageJobs::kMaxJobs, order.size());
  TEST_ASSERT_EQUAL_STRING("7", device.read("same").c_str());
}

void a_busy_worker_loses_no_queued_job() {
  RamFlash flash(kSectors);
  Device device(flash);
  device.worker.full = true;
  TEST_ASSERT_FALSE(device.storage->write("a", Text("1").bytes(), {}));
  device.worker.full = false;
  for (size_t i = 0; i < StorageJobs::kMaxJobs; ++i) {
    TEST_ASSERT_TRUE(device.storage->write("b", Text("1").bytes(), {}));
  }
  device.worker.deliver_all();
  TEST_ASSERT_TRUE(device.write("a", "2"));
  TEST_ASSERT_EQUAL_STRING("2", device.read("a").c_str());
}

void a_claimed_lack_of_space_keeps_the_old_content() {
  RamFlash flash(kSectors);
  Device device(flash);
  device.write("a", "old");
  flash.full = true;
  TEST_ASSERT_FALSE(device.write("a", "new"));
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::full), static_cast<int>(device.last));
  TEST_ASSERT_EQUAL_STRING("old", device.read("a").c_str());
  TEST_ASSERT_TRUE(device.remove("a"));
  flash.full = false;
  TEST_ASSERT_TRUE(device.write("a", "new"));
}

void a_full_flash_reports_full_and_keeps_its_files() {
  RamFlash flash(8);
  Device device(flash);
  const std::string content(Storage::kMaxContent, 'x');
  int written = 0;
  for (; written < 20; ++written) {
    const std::string name = "f" + std::to_string(written);
    if (!device.write(name.c_str(), content)) break;
  }
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::full), static_cast<int>(device.last));
  TEST_ASSERT_TRUE(written >= 3);
  Device again(flash);
  TEST_ASSERT_EQUAL_size_t(static_cast<size_t>(written), again.list("f").size());
  TEST_ASSERT_EQUAL_STRING(content.c_str(), again.read("f0").c_str());
  TEST_ASSERT_TRUE(again.remove("f0"));
  TEST_ASSERT_TRUE(again.write("f0", "room again"));
}

/// Fills a device with spare files until its reserve is reached. @return their number
int fill_with_spare_files(Device& device) {
  const std::string content(Storage::kMaxContent, 'x');
  for (int written = 0;; ++written) {
    const std::string name = "log-" + std::to_string(10 + written);
    if (!device.write_spare(name.c_str(), content)) return written;
  }
}

void a_spare_write_leaves_a_quarter_of_a_small_flash() {
  RamFlash flash(32);
  Device device(flash);
  fill_with_spare_files(device);
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::full), static_cast<int>(device.last));
  TEST_ASSERT_LESS_OR_EQUAL_size_t(24, device.storage->blocks_in_use());
  TEST_ASSERT_TRUE(device.write("tx-1", std::string(Storage::kMaxContent, 'y')));
}

void expendable_files_give_way_the_lowest_name_first() {
  RamFlash flash(32);
  Device device(flash);
  device.storage->set_expendable("log-");
  const int logs = fill_with_spare_files(device);
  const std::string content(Storage::kMaxContent, 'y');
  int written = 0;
  for (; written < 40; ++written) {
    const std::string name = "tx-" + std::to_string(written);
    if (!device.write(name.c_str(), content)) break;
    const auto left = device.list("log-");
    if (!left.empty()) TEST_ASSERT_EQUAL_STRING(("log-" + std::to_string(9 + logs)).c_str(), left.rbegin()->c_str());
  }
  TEST_ASSERT_TRUE(device.list("log-").empty());
  TEST_ASSERT_EQUAL_size_t(static_cast<size_t>(written), device.list("tx-").size());
  TEST_ASSERT_GREATER_THAN_INT(logs, written);
}

void rewriting_leaks_no_space() {
  RamFlash flash(kSectors);
  Device device(flash);
  const std::string content(1500, 'x');
  device.write("a", content);
  const size_t baseline = device.storage->blocks_in_use();
  for (int i = 0; i < 300; ++i) TEST_ASSERT_TRUE(device.write("a", content));
  TEST_ASSERT_EQUAL_size_t(baseline, device.storage->blocks_in_use());
  TEST_ASSERT_TRUE(baseline > 0);
}

void a_dead_flash_is_reported_and_not_formatted() {
  RamFlash flash(kSectors);
  {
    Device(flash).write("a", "kept");
  }
  flash.cut_at(1, Tear::none);
  uint8_t blank[Flash::kProgramSize] = {};
  flash.program(0x1F000, blank);  // the chip fails here
  Device dead(flash);
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::failed), static_cast<int>(dead.mounted));
  TEST_ASSERT_FALSE(dead.storage->formatted());
  TEST_ASSERT_FALSE(dead.write("a", "new"));
  flash.power_on();
  TEST_ASSERT_EQUAL_STRING("kept", Device(flash).read("a").c_str());
}

void garbage_is_formatted_only_on_request() {
  RamFlash flash(kSectors);
  uint32_t random = 1;
  for (uint8_t& byte : flash.content()) byte = static_cast<uint8_t>((random = random * 1664525 + 1013904223) >> 24);
  const std::vector<uint8_t> before = flash.content();
  {
    Device device(flash);
    TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::corrupt), static_cast<int>(device.mounted));
    TEST_ASSERT_FALSE(device.write("a", "1"));
    TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::corrupt), static_cast<int>(device.storage->probe()));
    TEST_ASSERT_TRUE(flash.content() == before);
    TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::ok), static_cast<int>(device.storage->format()));
    TEST_ASSERT_FALSE_MESSAGE(device.write("a", "1"), "its users have not read their files");
  }
  Device again(flash);
  TEST_ASSERT_FALSE(again.storage->formatted());
  TEST_ASSERT_TRUE(again.write("a", "1"));
}

void a_device_that_had_no_file_system_formats_garbage() {
  RamFlash flash(kSectors);
  flash.content()[5] = 0;
  const Device device(flash, OnDamage::format);
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::ok), static_cast<int>(device.mounted));
  TEST_ASSERT_TRUE(device.storage->formatted());
}

/// Cuts the power at every flash operation of `step`, with each kind of torn write, on the flash that `prepare` left.
/// Then it boots and verifies that the file is the old or the new one, and the new one if that was acknowledged.
void cut_everywhere(void (*prepare)(Device&), bool (*step)(Device&), const std::string& before,
                    const std::string& after) {
  RamFlash prepared(kSectors);
  {
    Device device(prepared);
    prepare(device);
  }
  RamFlash uncut = prepared;
  uint64_t operations = 0;
  {
    Device device(uncut);
    const uint64_t start = uncut.operations();
    TEST_ASSERT_TRUE(step(device));
    operations = uncut.operations() - start;
  }
  TEST_ASSERT_TRUE(operations > 0);
  bool seen_before = false;
  for (const Tear tear : {Tear::none, Tear::half, Tear::random}) {
    for (uint64_t n = 1; n <= operations; ++n) {
      RamFlash flash = prepared;
      bool acknowledged = false;
      {
        Device device(flash);
        flash.cut_at(n, tear, static_cast<uint32_t>(n));
        acknowledged = step(device);
        TEST_ASSERT_TRUE(flash.dead());
      }
      flash.power_on();
      Device device(flash);
      const std::string id = "tear " + std::to_string(static_cast<int>(tear)) + " at operation " + std::to_string(n);
      TEST_ASSERT_FALSE_MESSAGE(device.storage->formatted(), id.c_str());
      const std::string content = device.read("file");
      if (acknowledged || content != before) {
        TEST_ASSERT_EQUAL_STRING_MESSAGE(after.c_str(), content.c_str(), id.c_str());
      } else {
        seen_before = true;
      }
      TEST_ASSERT_EQUAL_STRING_MESSAGE("bystander", device.read("other").c_str(), id.c_str());
      TEST_ASSERT_TRUE_MESSAGE(device.write("file", "still writable"), id.c_str());
      TEST_ASSERT_EQUAL_STRING_MESSAGE("still writable", device.read("file").c_str(), id.c_str());
    }
  }
  TEST_ASSERT_TRUE_MESSAGE(seen_before, "no cut came before the commit: the test cut nothing");
}

const std::string kLarge(1800, 'L');

void prepare_without(Device& device) { device.write("other", "bystander"); }
void prepare_with_small(Device& device) {
  prepare_without(device);
  device.write("file", "old");
}
void prepare_with_large(Device& device) {
  prepare_without(device);
  device.write("file", kLarge);
}
void prepare_near_compaction(Device& device) {
  prepare_with_small(device);
  // Fills the log of the directory's block, so that the next commits compact it into another block.
  const std::string filler(400, 'f');
  for (int i = 0; i < 8; ++i) device.write("filler", filler);
}

bool write_small(Device& device) { return device.write("file", "new"); }
bool write_large(Device& device) { return device.write("file", kLarge + "!"); }
bool write_many(Device& device) {
  bool all = true;
  const std::string filler(400, 'g');
  for (int i = 0; i < 8; ++i) all = device.write("filler", filler) && all;
  return device.write("file", "new") && all;
}
bool remove_file(Device& device) { return device.remove("file"); }

void a_cut_first_write_leaves_all_or_nothing() {
  cut_everywhere(&prepare_without, &write_small, "", "new");
  cut_everywhere(&prepare_without, &write_large, "", kLarge + "!");
}
void a_cut_rewrite_leaves_old_or_new() {
  cut_everywhere(&prepare_with_small, &write_small, "old", "new");
  cut_everywhere(&prepare_with_small, &write_large, "old", kLarge + "!");
  cut_everywhere(&prepare_with_large, &write_small, kLarge, "new");
}
void a_cut_compaction_leaves_old_or_new() { cut_everywhere(&prepare_near_compaction, &write_many, "old", "new"); }
void a_cut_removal_leaves_old_or_nothing() { cut_everywhere(&prepare_with_small, &remove_file, "old", ""); }

void a_cut_format_is_repeated_at_the_next_boot() {
  RamFlash uncut(kSectors);
  {
    Device device(uncut);
  }
  const uint64_t operations = uncut.operations();
  for (const Tear tear : {Tear::none, Tear::half, Tear::random}) {
    for (uint64_t n = 1; n <= operations; ++n) {
      RamFlash flash(kSectors);
      flash.cut_at(n, tear, static_cast<uint32_t>(n));
      {
        Device device(flash, OnDamage::format);
      }
      flash.power_on();
      Device device(flash, OnDamage::format);
      TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::ok), static_cast<int>(device.mounted));
      TEST_ASSERT_TRUE(device.write("a", "1"));
    }
  }
}

/// Counts the empty files on `flash` with littlefs itself; `flash` is not changed.
size_t empty_files(const RamFlash& flash) {
  RamFlash copy = flash;
  uint8_t buffers[3][512];
  lfs_config config = {};
  config.context = &copy;
  config.read = [](const lfs_config* c, lfs_block_t block, lfs_off_t offset, void* into, lfs_size_t length) {
    auto& from = *static_cast<RamFlash*>(c->context);
    from.read(size_t{block} * c->block_size + offset, {static_cast<uint8_t*>(into), length});
    return 0;
  };
  config.prog = [](const lfs_config*, lfs_block_t, lfs_off_t, const void*, lfs_size_t) -> int { return LFS_ERR_IO; };
  config.erase = [](const lfs_config*, lfs_block_t) -> int { return LFS_ERR_IO; };
  config.sync = [](const lfs_config*) { return 0; };
  config.read_size = config.prog_size = Flash::kProgramSize;
  config.block_size = Flash::kSectorSize;
  config.block_count = kSectors;
  config.block_cycles = -1;
  config.cache_size = 512;
  config.lookahead_size = 32;
  config.read_buffer = buffers[0];
  config.prog_buffer = buffers[1];
  config.lookahead_buffer = buffers[2];
  lfs_t file_system;
  lfs_dir_t directory;
  lfs_info info;
  TEST_ASSERT_EQUAL(0, lfs_mount(&file_system, &config));
  TEST_ASSERT_EQUAL(0, lfs_dir_open(&file_system, &directory, "/"));
  size_t count = 0;
  while (lfs_dir_read(&file_system, &directory, &info) > 0)
    count += info.type == LFS_TYPE_REG && info.size == 0 ? 1 : 0;
  return count;
}

void empty_files_of_a_cut_first_write_are_removed() {
  RamFlash prepared(kSectors);
  {
    Device device(prepared);
  }
  size_t left = 0;
  for (uint64_t n = 1; n <= 4; ++n) {
    RamFlash flash = prepared;
    {
      Device device(flash);
      flash.cut_at(n, Tear::none);
      device.write("file", "new");
    }
    flash.power_on();
    left += empty_files(flash);
    Device device(flash);
    TEST_ASSERT_EQUAL_size_t(0, empty_files(flash));
    TEST_ASSERT_EQUAL_size_t(device.read("file").empty() ? 0 : 1, device.list("").size());
  }
  TEST_ASSERT_TRUE_MESSAGE(left > 0, "no cut left an empty file: the test shows nothing");
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(jobs_keep_their_contents_among_other_jobs);
  RUN_TEST(two_largest_contents_can_be_pending);
  RUN_TEST(content_in_the_scratch_is_written_after_other_jobs);
  RUN_TEST(there_is_no_scratch_while_jobs_use_its_space);
  RUN_TEST(jobs_wait_for_start_and_reads_work_until_then);
  RUN_TEST(nothing_is_read_while_a_job_runs);
  RUN_TEST(a_blank_flash_is_formatted_once);
  RUN_TEST(written_files_survive_a_reboot);
  RUN_TEST(a_removed_file_can_be_removed_again);
  RUN_TEST(list_finds_by_prefix);
  RUN_TEST(excessive_sizes_are_rejected_at_once);
  RUN_TEST(a_file_larger_than_the_buffer_is_not_read_in_part);
  RUN_TEST(jobs_run_in_order_and_a_full_queue_rejects);
  RUN_TEST(a_busy_worker_loses_no_queued_job);
  RUN_TEST(a_claimed_lack_of_space_keeps_the_old_content);
  RUN_TEST(a_full_flash_reports_full_and_keeps_its_files);
  RUN_TEST(a_spare_write_leaves_a_quarter_of_a_small_flash);
  RUN_TEST(expendable_files_give_way_the_lowest_name_first);
  RUN_TEST(rewriting_leaks_no_space);
  RUN_TEST(a_dead_flash_is_reported_and_not_formatted);
  RUN_TEST(garbage_is_formatted_only_on_request);
  RUN_TEST(a_device_that_had_no_file_system_formats_garbage);
  RUN_TEST(a_cut_first_write_leaves_all_or_nothing);
  RUN_TEST(a_cut_rewrite_leaves_old_or_new);
  RUN_TEST(a_cut_compaction_leaves_old_or_new);
  RUN_TEST(a_cut_removal_leaves_old_or_nothing);
  RUN_TEST(a_cut_format_is_repeated_at_the_next_boot);
  RUN_TEST(empty_files_of_a_cut_first_write_are_removed);
  return UNITY_END();
}
