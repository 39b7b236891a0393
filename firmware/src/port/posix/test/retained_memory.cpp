#include "port/posix/retained_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include "suites.h"
#include "support/check.h"

using namespace pb;
using namespace pb::posix;

namespace {

/// The board's memory file.
struct Board {
  int fd = memfd_create("retained", MFD_CLOEXEC);

  Board() { TEST_ASSERT_EQUAL_INT(0, ftruncate(fd, RetainedMemory::kFileSize)); }
  ~Board() { close(fd); }
};

void bytes_outlive_the_process_that_wrote_them() {
  Board board;
  {
    RetainedMemory memory;
    TEST_ASSERT_EQUAL_STRING("", memory.open(board.fd).c_str());
    memory.bytes()[RetainedRam::kSize - 1] = 42;
  }
  RetainedMemory memory;
  TEST_ASSERT_EQUAL_STRING("", memory.open(board.fd).c_str());
  TEST_ASSERT_EQUAL_UINT8(42, memory.bytes()[RetainedRam::kSize - 1]);
}

void a_crash_is_taken_once() {
  Board board;
  CrashReport report;
  {
    RetainedMemory memory;
    memory.open(board.fd);
    TEST_ASSERT_FALSE(memory.take_crash(report));
    report.cause.assign("abort() was called");
    report.frames[0] = 0x1234;
    report.frame_count = 1;
    memory.keep_crash(report);
  }
  RetainedMemory memory;
  memory.open(board.fd);
  CrashReport found;
  TEST_ASSERT_TRUE(memory.take_crash(found));
  check_text("abort() was called", found.cause.text());
  TEST_ASSERT_EQUAL_size_t(1, found.frame_count);
  TEST_ASSERT_EQUAL_UINT64(0x1234, found.frames[0]);
  TEST_ASSERT_FALSE(memory.take_crash(found));
}

void a_damaged_crash_is_none() {
  Board board;
  RetainedMemory memory;
  memory.open(board.fd);
  CrashReport report;
  report.cause.assign("abort() was called");
  memory.keep_crash(report);
  // The record follows the bytes: its magic and CRC, then the report.
  memory.bytes().data[RetainedRam::kSize + 12] ^= 1;
  TEST_ASSERT_FALSE(memory.take_crash(report));
}

void an_invalid_memory_file_is_explained() {
  RetainedMemory memory;
  check_contains("cannot be mapped: Bad file descriptor", memory.open(9999));
  const int empty = memfd_create("empty", MFD_CLOEXEC);
  check_contains("has 0 bytes instead of 8192", memory.open(empty));
  close(empty);
  TEST_ASSERT_EQUAL_STRING("", memory.open(-1).c_str());
}

}  // namespace

void run_retained_memory_tests() {
  RUN_TEST(bytes_outlive_the_process_that_wrote_them);
  RUN_TEST(a_crash_is_taken_once);
  RUN_TEST(a_damaged_crash_is_none);
  RUN_TEST(an_invalid_memory_file_is_explained);
}
