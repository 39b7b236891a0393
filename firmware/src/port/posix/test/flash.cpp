#include <signal.h>
#include <sys/wait.h>

#include "rig.h"
#include "suites.h"

using namespace pb;
using namespace pb::posix;

namespace {

void check_flash(FlashResult expected, FlashResult actual) {
  TEST_ASSERT_EQUAL(static_cast<int>(expected), static_cast<int>(actual));
}

void flash_behaves_like_nor() {
  Chip chip;
  uint8_t bytes[Flash::kProgramSize];
  memset(bytes, 0x0F, sizeof bytes);
  check_flash(FlashResult::ok, chip.flash.program(4096, bytes));
  memset(bytes, 0xF3, sizeof bytes);
  check_flash(FlashResult::ok, chip.flash.program(4096, bytes));
  check_flash(FlashResult::ok, chip.flash.read(4096, bytes));
  TEST_ASSERT_EACH_EQUAL_HEX8(0x03, bytes, sizeof bytes);
  check_flash(FlashResult::ok, chip.flash.erase(4096));
  check_flash(FlashResult::ok, chip.flash.read(4096, bytes));
  TEST_ASSERT_EACH_EQUAL_HEX8(0xFF, bytes, sizeof bytes);
}

void flash_rejects_impossible_operations() {
  Chip chip(4);
  uint8_t bytes[2 * Flash::kProgramSize] = {};
  check_flash(FlashResult::unaligned, chip.flash.program(8, bytes));
  check_flash(FlashResult::unaligned, chip.flash.program(0, {bytes, 8}));
  check_flash(FlashResult::unaligned, chip.flash.erase(100));
  check_flash(FlashResult::out_of_range, chip.flash.erase(4 * 4096));
  check_flash(FlashResult::out_of_range, chip.flash.program(4 * 4096 - 16, bytes));
  check_flash(FlashResult::out_of_range, chip.flash.read(SIZE_MAX, bytes));
}

void a_bad_flash_file_is_explained() {
  Chip chip;
  PosixFlash other(chip.clock, chip.sleeper, chip.wires.link);
  check_contains("cannot be opened: No such file", other.open("/nonexistent/flash.bin"));
  check_contains("whole sectors", other.open("/dev/null"));
}

void a_partition_is_found_by_its_label_and_bounded() {
  Chip chip(32);
  PosixPartition partition(chip.flash);
  check_contains("no partition 'storage'", partition.open("storage"));
  alignas(4) uint8_t table[64];
  memset(table, 0xFF, sizeof table);
  const auto entry = [&table](size_t at, uint32_t start, uint32_t size, const char* label) {
    const uint8_t head[] = {0xAA, 0x50, 1, 2};
    memcpy(table + at, head, 4);
    memcpy(table + at + 4, &start, 4);
    memcpy(table + at + 8, &size, 4);
    memset(table + at + 12, 0, 20);
    memcpy(table + at + 12, label, strlen(label));
  };
  entry(0, 0x9000, 0x1000, "nvs");
  entry(32, 0x10000, 0x3000, "storage");
  check_flash(FlashResult::ok, chip.flash.program(0x8000, {table, sizeof table}));
  TEST_ASSERT_EQUAL_STRING("", partition.open("storage").c_str());
  TEST_ASSERT_EQUAL_size_t(0x3000, partition.size());
  uint8_t zeros[16] = {};
  check_flash(FlashResult::ok, partition.program(0x2FF0, zeros));
  uint8_t seen[16] = {1};
  chip.flash.read(0x12FF0, seen);
  TEST_ASSERT_EACH_EQUAL_HEX8(0, seen, sizeof seen);
  check_flash(FlashResult::out_of_range, partition.program(0x3000, zeros));
  check_flash(FlashResult::out_of_range, partition.erase(0x3000));
}

/// Runs `operation` in a process of its own, waits for its message `torn`, and cuts its power.
void tear_in_child(Chip& chip, void (*operation)(Flash& flash)) {
  const pid_t child = fork();
  if (child == 0) {
    operation(chip.flash);
    _exit(0);
  }
  TEST_ASSERT_EQUAL_STRING("torn 2", chip.wires.receive_message().c_str());
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  TEST_ASSERT_TRUE(WIFSIGNALED(status));
}

void program_twice(Flash& flash) {
  uint8_t zeros[64] = {};
  flash.program(0, zeros);
  flash.program(64, zeros);
}

void program_and_erase(Flash& flash) {
  uint8_t zeros[64] = {};
  flash.program(0, zeros);
  flash.erase(0);
}

size_t cleared_bytes(Flash& flash, size_t offset) {
  uint8_t bytes[64] = {};
  flash.read(offset, bytes);
  size_t count = 0;
  for (const uint8_t byte : bytes) count += byte == 0 ? 1 : 0;
  return count;
}

void a_torn_program_is_incomplete() {
  Chip none;
  none.flash.tear(2, "none", 1);
  tear_in_child(none, &program_twice);
  TEST_ASSERT_EQUAL_size_t(64, cleared_bytes(none.flash, 0));
  TEST_ASSERT_EQUAL_size_t(0, cleared_bytes(none.flash, 64));
  Chip half;
  half.flash.tear(2, "half", 1);
  tear_in_child(half, &program_twice);
  TEST_ASSERT_EQUAL_size_t(32, cleared_bytes(half.flash, 64));
  Chip random;
  random.flash.tear(2, "random", 1);
  tear_in_child(random, &program_twice);
  uint8_t first[64];
  random.flash.read(64, first);
  Chip again;
  again.flash.tear(2, "random", 1);
  tear_in_child(again, &program_twice);
  uint8_t second[64];
  again.flash.read(64, second);
  TEST_ASSERT_EQUAL_MEMORY(first, second, 64);
  TEST_ASSERT_TRUE(cleared_bytes(random.flash, 64) < 32);
  bool some = false;
  for (const uint8_t byte : first) some |= byte != 0xFF && byte != 0;
  TEST_ASSERT_TRUE(some);
}

void a_torn_erase_is_incomplete() {
  Chip chip;
  uint8_t zeros[Flash::kSectorSize] = {};
  chip.flash.program(0, zeros);
  chip.flash.tear(2, "half", 1);
  tear_in_child(chip, &program_and_erase);
  uint8_t bytes[Flash::kSectorSize];
  chip.flash.read(0, bytes);
  TEST_ASSERT_EACH_EQUAL_HEX8(0xFF, bytes, 2048);
  TEST_ASSERT_EACH_EQUAL_HEX8(0, bytes + 2048, 2048);
}

}  // namespace

void run_flash_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(flash_behaves_like_nor);
  RUN_TEST(flash_rejects_impossible_operations);
  RUN_TEST(a_bad_flash_file_is_explained);
  RUN_TEST(a_partition_is_found_by_its_label_and_bounded);
  RUN_TEST(a_torn_program_is_incomplete);
  RUN_TEST(a_torn_erase_is_incomplete);
}
