// The format of a file on flash (firmware/FORMAT.md): written files, files with and without header, and damaged ones.

#include <memory>
#include <string>
#include <vector>

#include "features/storage/littlefs_storage.h"
#include "support/check.h"
#include "support/fake_worker.h"
#include "support/ram_flash.h"
#include "support/raw_file.h"

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

void header_with_a_damaged_magic_is_not_read_as_content() {
  for (const size_t length : {size_t{1}, size_t{300}, Storage::kMaxContent}) {
    const std::string file = file_of(std::string(length, 'x'));
    for (size_t at = 0; at < 4; ++at) {
      std::string flipped = file;
      flipped[at] = static_cast<char>(flipped[at] ^ 0x01);
      assert_lost(flipped, StorageResult::corrupt);
    }
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

std::string newer_file() {
  std::string file = file_of("content");
  file[4] = '\x02';
  return file;
}

void file_of_a_newer_format_is_kept_when_it_is_replaced() {
  RamFlash flash = flash_with(newer_file());
  {
    Device device(flash);
    device.read();
    TEST_ASSERT_TRUE(device.write("ours"));
    TEST_ASSERT_TRUE(device.write("ours again"));
  }
  Device device(flash);
  TEST_ASSERT_EQUAL_STRING("ours again", device.read().c_str());
  TEST_ASSERT_TRUE(RawFile(flash).read("newer-file") == newer_file());
}

void file_of_a_newer_format_is_kept_when_it_is_removed() {
  RamFlash flash = flash_with(newer_file());
  Device device(flash);
  device.read();
  device.storage->remove("file", {});
  device.worker.deliver_all();
  device.read();
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::not_found), static_cast<int>(device.last));
  TEST_ASSERT_TRUE(RawFile(flash).read("newer-file") == newer_file());
}

void kept_file_returns_when_its_format_is_known() {
  RamFlash flash(kSectors);
  Device formats(flash);
  RawFile(flash).write(file_of("content"), "newer-file");
  Device device(flash);
  TEST_ASSERT_EQUAL_STRING("content", device.read().c_str());
  TEST_ASSERT_FALSE(RawFile(flash).has("newer-file"));
}

void kept_file_does_not_replace_a_later_one() {
  RamFlash flash = flash_with(file_of("later"));
  RawFile(flash).write(file_of("content"), "newer-file");
  Device device(flash);
  TEST_ASSERT_EQUAL_STRING("later", device.read().c_str());
  TEST_ASSERT_TRUE(RawFile(flash).has("newer-file"));
}

void cut_while_a_newer_file_is_replaced_keeps_it() {
  for (const Tear tear : {Tear::none, Tear::half, Tear::random}) {
    bool is_replaced = false;
    for (uint64_t operation = 1; !is_replaced; ++operation) {
      RamFlash flash = flash_with(newer_file());
      {
        Device device(flash);
        device.read();
        flash.cut_at(operation, tear, static_cast<uint32_t>(operation));
        is_replaced = device.write("ours");
      }
      flash.power_on();
      const Device device(flash);
      RawFile raw(flash);
      const bool is_aside = raw.has("newer-file");
      TEST_ASSERT_TRUE(raw.read(is_aside ? "newer-file" : "file") == newer_file());
      TEST_ASSERT_TRUE(is_aside || !is_replaced);
    }
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
  RUN_TEST(file_of_a_newer_format_is_kept_when_it_is_replaced);
  RUN_TEST(file_of_a_newer_format_is_kept_when_it_is_removed);
  RUN_TEST(kept_file_returns_when_its_format_is_known);
  RUN_TEST(kept_file_does_not_replace_a_later_one);
  RUN_TEST(cut_while_a_newer_file_is_replaced_keeps_it);
  RUN_TEST(cut_while_a_headerless_file_is_replaced_leaves_old_or_new);
  return UNITY_END();
}
