// The format of a file on flash (firmware/FORMAT.md): written files, files with and without header, and damaged ones.

#include <memory>
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

constexpr size_t kSectors = 16;

/// One boot of a device.
struct Device {
  FakeWorker worker;
  std::unique_ptr<LittleFsStorage> storage;
  std::vector<std::string> lost;
  StorageResult last = StorageResult::ok;

  explicit Device(RamFlash& flash) : storage(std::make_unique<LittleFsStorage>(flash, worker)) {
    storage->mount();
    storage->start();
    storage->set_loss_listener({[](void* self, Text name, StorageResult why) {
                                  static_cast<Device*>(self)->lost.push_back(str(name) + ": " + str(name_of(why)));
                                },
                                this});
  }
  bool write(const std::string& content) {
    last = StorageResult::failed;
    storage->write("file", Text(content.data(), content.size()).bytes(),
                   {[](void* self, StorageResult result) { static_cast<Device*>(self)->last = result; }, this});
    worker.deliver_all();
    return last == StorageResult::ok;
  }
  std::string read() {
    uint8_t bytes[Storage::kMaxContent];
    size_t length = 0;
    last = storage->read("file", bytes, length);
    return std::string(reinterpret_cast<const char*>(bytes), length);
  }
};

/// The same flash as littlefs sees it, without the storage feature.
struct RawFile {
  RamFlash& flash;
  lfs_config config = {};
  lfs_t file_system = {};
  uint8_t buffers[4][512];

  explicit RawFile(RamFlash& the_flash) : flash(the_flash) {
    config.context = &flash;
    config.read = [](const lfs_config* c, lfs_block_t block, lfs_off_t offset, void* into, lfs_size_t length) {
      static_cast<RamFlash*>(c->context)->read(size_t{block} * 4096 + offset, {static_cast<uint8_t*>(into), length});
      return 0;
    };
    config.prog = [](const lfs_config* c, lfs_block_t block, lfs_off_t offset, const void* bytes, lfs_size_t length) {
      static_cast<RamFlash*>(c->context)
          ->program(size_t{block} * 4096 + offset, {static_cast<const uint8_t*>(bytes), length});
      return 0;
    };
    config.erase = [](const lfs_config* c, lfs_block_t block) {
      static_cast<RamFlash*>(c->context)->erase(size_t{block} * 4096);
      return 0;
    };
    config.sync = [](const lfs_config*) { return 0; };
    config.read_size = config.prog_size = Flash::kProgramSize;
    config.block_size = 4096;
    config.block_count = kSectors;
    config.block_cycles = 500;
    config.cache_size = 512;
    config.lookahead_size = 32;
    config.read_buffer = buffers[0];
    config.prog_buffer = buffers[1];
    config.lookahead_buffer = buffers[2];
    TEST_ASSERT_EQUAL(0, lfs_mount(&file_system, &config));
  }
  std::string open(int flags, const std::string* content) {
    lfs_file_t file;
    lfs_file_config file_config = {};
    file_config.buffer = buffers[3];
    char bytes[4096];
    lfs_ssize_t length = 0;
    TEST_ASSERT_EQUAL(0, lfs_file_opencfg(&file_system, &file, "file", flags, &file_config));
    if (content == nullptr) {
      length = lfs_file_read(&file_system, &file, bytes, sizeof bytes);
    } else {
      lfs_file_write(&file_system, &file, content->data(), static_cast<lfs_size_t>(content->size()));
    }
    TEST_ASSERT_EQUAL(0, lfs_file_close(&file_system, &file));
    return std::string(bytes, static_cast<size_t>(length));
  }
  std::string read() { return open(LFS_O_RDONLY, nullptr); }
  void write(const std::string& content) { open(LFS_O_WRONLY | LFS_O_CREAT | LFS_O_TRUNC, &content); }
};

/// Returns a flash with a file of these bytes.
RamFlash flash_with(const std::string& bytes) {
  RamFlash flash(kSectors);
  Device formats(flash);
  RawFile(flash).write(bytes);
  return flash;
}

/// Returns the bytes of a file that the device has written.
std::string file_of(const std::string& content) {
  RamFlash flash(kSectors);
  Device device(flash);
  TEST_ASSERT_TRUE(device.write(content));
  return RawFile(flash).read();
}

void file_begins_with_its_header() {
  const std::string expected("\xFBPB\x1A\x01\x00\x05\x00", 8);
  const std::string file = file_of("hello");
  TEST_ASSERT_EQUAL_size_t(12 + 5, file.size());
  TEST_ASSERT_TRUE(file.substr(0, 8) == expected);
  // CRC-32 of 01 00 05 00 and "hello", as calculated by zlib.crc32.
  TEST_ASSERT_EQUAL_HEX8_ARRAY("\xD1\x7E\x78\x53", file.data() + 8, 4);
  TEST_ASSERT_EQUAL_STRING("hello", file.substr(12).c_str());
}

void file_without_a_header_is_read_as_it_is() {
  for (const std::string& content :
       {std::string("{}"), std::string("2024-05-01T12:00:00.000Z"), std::string("M\x00\x01\x02", 4),
        std::string("twelve bytes"), std::string(Storage::kMaxContent, 'x')}) {
    RamFlash flash = flash_with(content);
    Device device(flash);
    TEST_ASSERT_TRUE(device.read() == content);
    TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::ok), static_cast<int>(device.last));
    TEST_ASSERT_TRUE(device.write("new"));
    TEST_ASSERT_EQUAL_STRING("new", device.read().c_str());
    TEST_ASSERT_TRUE(RawFile(flash).read() == file_of("new"));
    TEST_ASSERT_EQUAL_size_t(0, device.lost.size());
  }
}

/// Verifies that nothing of the file is read, and that the loss is reported.
void assert_lost(const std::string& file, StorageResult why) {
  RamFlash flash = flash_with(file);
  Device device(flash);
  TEST_ASSERT_EQUAL_STRING("", device.read().c_str());
  TEST_ASSERT_EQUAL(static_cast<int>(why), static_cast<int>(device.last));
  TEST_ASSERT_EQUAL_size_t(1, device.lost.size());
  TEST_ASSERT_EQUAL_STRING(("file: " + str(name_of(why))).c_str(), device.lost[0].c_str());
  TEST_ASSERT_TRUE(device.write("next"));
  TEST_ASSERT_EQUAL_STRING("next", device.read().c_str());
}

void flipped_bit_loses_the_whole_file() {
  const std::string file = file_of("content");
  for (size_t at = 4; at < file.size(); ++at) {
    for (const int bit : {0x01, 0x80}) {
      std::string flipped = file;
      flipped[at] = static_cast<char>(flipped[at] ^ bit);
      assert_lost(flipped, at == 4 && bit == 0x80 ? StorageResult::newer : StorageResult::corrupt);
    }
  }
}

/// A file without the magic counts as headerless; readers of such files reject the bytes of the header.
void header_with_a_damaged_magic_is_not_read_as_content() {
  const std::string file = file_of("{\"a\":1}");
  for (size_t at = 0; at < 4; ++at) {
    std::string flipped = file;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x01);
    RamFlash flash = flash_with(flipped);
    TEST_ASSERT_TRUE(Device(flash).read() == flipped);
  }
}

void file_of_wrong_length_is_lost() {
  const std::string file = file_of("content");
  assert_lost(file + "x", StorageResult::corrupt);
  for (const size_t length : {file.size() - 1, size_t{13}, size_t{12}, size_t{11}, size_t{4}}) {
    assert_lost(file.substr(0, length), StorageResult::corrupt);
  }
}

void file_of_a_newer_format_is_lost_and_reported() {
  for (const char version : {'\x02', '\x7F', '\xFF'}) {
    std::string file = file_of("content");
    file[4] = version;
    assert_lost(file, StorageResult::newer);
  }
}

void cut_while_a_headerless_file_is_replaced_leaves_old_or_new() {
  for (const std::string& old : {std::string("old"), std::string(600, 'o')}) {
    for (const Tear tear : {Tear::none, Tear::half, Tear::random}) {
      bool is_replaced = false;
      for (uint64_t operation = 1; !is_replaced; ++operation) {
        RamFlash flash = flash_with(old);
        {
          Device device(flash);
          flash.cut_at(operation, tear, static_cast<uint32_t>(operation));
          is_replaced = device.write("new");
        }
        flash.power_on();
        Device device(flash);
        const std::string content = device.read();
        TEST_ASSERT_TRUE(content == "new" || (content == old && !is_replaced));
        TEST_ASSERT_EQUAL_size_t(0, device.lost.size());
      }
    }
  }
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(file_begins_with_its_header);
  RUN_TEST(file_without_a_header_is_read_as_it_is);
  RUN_TEST(flipped_bit_loses_the_whole_file);
  RUN_TEST(header_with_a_damaged_magic_is_not_read_as_content);
  RUN_TEST(file_of_wrong_length_is_lost);
  RUN_TEST(file_of_a_newer_format_is_lost_and_reported);
  RUN_TEST(cut_while_a_headerless_file_is_replaced_leaves_old_or_new);
  return UNITY_END();
}
