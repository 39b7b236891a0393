#include <string.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/crc32.h"
#include "core/sha256.h"
#include "port/posix/image_check.h"
#include "port/posix/slot_updates.h"
#include "suites.h"
#include "support/check.h"
#include "support/ram_flash.h"

using namespace pb;
using namespace pb::posix;

namespace {

constexpr size_t kSlotSectors = 3;

/// An image with a program of `length` bytes (docs/virtual-board.md, "Flash and boot").
std::vector<uint8_t> image_of(uint8_t filling, size_t length = 6000) {
  std::vector<uint8_t> program(length, filling);
  memcpy(program.data(), "PBHOST02", 8);
  std::vector<uint8_t> image(24, 0);
  image[0] = 0xE9;
  image[1] = 1;
  image[23] = 1;
  image.insert(image.end(), 4, 0);
  for (size_t i = 0; i < 4; ++i) image.push_back(static_cast<uint8_t>(program.size() >> (8 * i)));
  image.insert(image.end(), program.begin(), program.end());
  uint8_t checksum = 0xEF;
  for (const uint8_t byte : program) checksum ^= byte;
  image.resize(image.size() + 15 - image.size() % 16, 0);
  image.push_back(checksum);
  Sha256 sha;
  sha.add({image.data(), image.size()});
  uint8_t digest[kSha256Length];
  sha.finish(digest);
  image.insert(image.end(), digest, digest + sizeof digest);
  return image;
}

/// A flash with otadata and two slots, of which the first one has an image and runs.
struct Board {
  RamFlash flash{2, 2 * kSlotSectors};
  RamFlashPart slots[2] = {{flash, 2, kSlotSectors}, {flash, 2 + kSlotSectors, kSlotSectors}};

  Board() {
    const std::vector<uint8_t> first = image_of('1');
    for (size_t at = 0; at < first.size(); at += 16) {
      uint8_t block[16];
      memset(block, 0xFF, sizeof block);
      memcpy(block, &first[at], std::min<size_t>(sizeof block, first.size() - at));
      slots[0].program(at, block);
    }
  }
  UpdateResult write(const std::vector<uint8_t>& image) {
    SlotUpdates updates(slots[0], slots[1], flash);
    updates.set_running(0);
    UpdateResult result = updates.begin(image.size());
    for (size_t at = 0; at < image.size() && result == UpdateResult::ok; at += 256) {
      result = updates.write({&image[at], std::min<size_t>(256, image.size() - at)});
    }
    return result == UpdateResult::ok ? updates.finish() : result;
  }
  /// The slot that otadata selects for the next boot, by the highest valid sequence number; without one the first slot.
  size_t chosen() {
    uint32_t newest = 0;
    for (size_t place = 0; place < 2; ++place) {
      const uint8_t* entry = flash.data() + place * Flash::kSectorSize;
      uint32_t sequence;
      uint32_t crc;
      memcpy(&sequence, entry, sizeof sequence);
      memcpy(&crc, entry + 28, sizeof crc);
      if (sequence != 0xFFFFFFFF && crc == crc32({entry, sizeof sequence}, 0xFFFFFFFF) && sequence > newest)
        newest = sequence;
    }
    return newest == 0 ? 0 : (newest - 1) % 2;
  }
  uint8_t program(size_t slot) { return slots[slot].mapped()[32 + 8]; }
};

void check(UpdateResult expected, UpdateResult actual) {
  TEST_ASSERT_EQUAL(static_cast<int>(expected), static_cast<int>(actual));
}

void image_in_the_other_slot_is_chosen() {
  Board board;
  check(UpdateResult::ok, board.write(image_of('2')));
  TEST_ASSERT_EQUAL(1, board.chosen());
  TEST_ASSERT_EQUAL('2', board.program(1));
  TEST_ASSERT_EQUAL('1', board.program(0));
}

void damaged_images_are_not_chosen() {
  const std::vector<uint8_t> good = image_of('2');
  for (const size_t place : {size_t{1}, size_t{29}, size_t{2000}, good.size() - 33, good.size() - 1}) {
    Board board;
    std::vector<uint8_t> bad = good;
    bad[place] ^= 0x40;
    check(UpdateResult::damaged, board.write(bad));
    TEST_ASSERT_EQUAL(0, board.chosen());
  }
  Board board;
  check(UpdateResult::damaged, board.write({good.begin(), good.end() - 1}));
  check(UpdateResult::too_large, board.write(std::vector<uint8_t>(kSlotSectors * Flash::kSectorSize + 1)));
}

void image_without_a_program_for_this_machine_is_not_chosen() {
  Board board;
  std::vector<uint8_t> image = image_of('2');
  image[32] = 'Q';
  // Checksum and hash of the changed image.
  image[image.size() - 33] = static_cast<uint8_t>(image[image.size() - 33] ^ 'P' ^ 'Q');
  Sha256 sha;
  sha.add({image.data(), image.size() - kSha256Length});
  uint8_t digest[kSha256Length];
  sha.finish(digest);
  std::copy(digest, digest + sizeof digest, image.end() - kSha256Length);
  check(UpdateResult::other_chip, board.write(image));
}

void device_that_does_not_know_its_slot_has_no_room() {
  Board board;
  TEST_ASSERT_EQUAL(0, SlotUpdates(board.slots[0], board.slots[1], board.flash).room());
}

void power_cut_at_each_operation_leaves_the_old_or_the_new_image() {
  Board whole;
  const uint64_t before = whole.flash.operations();
  whole.write(image_of('2'));
  const uint64_t operations = whole.flash.operations() - before;
  size_t new_images = 0;
  for (const Tear tear : {Tear::none, Tear::half, Tear::random}) {
    for (uint64_t operation = 1; operation <= operations; ++operation) {
      Board board;
      board.flash.cut_at(operation, tear, static_cast<uint32_t>(operation));
      board.write(image_of('2'));
      TEST_ASSERT_TRUE(board.flash.dead());
      board.flash.power_on();
      const size_t slot = board.chosen();
      check(UpdateResult::ok, check_image(board.slots[slot], image_of('1').size()));
      new_images += slot;
    }
  }
  // The last program makes the choice: half of it may be enough, none of it is not.
  TEST_ASSERT_LESS_OR_EQUAL(2, new_images);
}

void image_that_was_not_confirmed_makes_room_for_the_next_one() {
  Board board;
  check(UpdateResult::ok, board.write(image_of('2')));
  // The boot loader has given it its boot, and returned to the first one.
  constexpr uint32_t kAborted = 4;
  uint8_t entry[32];
  board.flash.read(0, entry);
  memcpy(entry + 24, &kAborted, sizeof kAborted);
  board.flash.erase(0);
  board.flash.program(0, entry);
  check(UpdateResult::ok, board.write(image_of('3')));
  TEST_ASSERT_EQUAL(1, board.chosen());
  TEST_ASSERT_EQUAL('3', board.program(1));
}

}  // namespace

void run_updates_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(image_in_the_other_slot_is_chosen);
  RUN_TEST(damaged_images_are_not_chosen);
  RUN_TEST(image_without_a_program_for_this_machine_is_not_chosen);
  RUN_TEST(device_that_does_not_know_its_slot_has_no_room);
  RUN_TEST(power_cut_at_each_operation_leaves_the_old_or_the_new_image);
  RUN_TEST(image_that_was_not_confirmed_makes_room_for_the_next_one);
}
