#include "port/posix/ota_data.h"

#include <string.h>

#include "core/crc32.h"
#include "suites.h"
#include "support/check.h"
#include "support/ram_flash.h"

using namespace pb;
using namespace pb::posix;

namespace {

constexpr uint32_t kPendingVerify = 1;
constexpr uint32_t kValid = 2;

void put(RamFlash& flash, size_t place, uint32_t sequence, uint32_t state) {
  uint8_t entry[32];
  memset(entry, 0xFF, sizeof entry);
  memcpy(entry, &sequence, sizeof sequence);
  memcpy(entry + 24, &state, sizeof state);
  const uint32_t crc = crc32({entry, sizeof sequence}, 0xFFFFFFFF);
  memcpy(entry + 28, &crc, sizeof crc);
  flash.erase(place * Flash::kSectorSize);
  flash.program(place * Flash::kSectorSize, entry);
}

uint32_t state_of(RamFlash& flash, size_t place) {
  uint8_t entry[32] = {};
  flash.read(place * Flash::kSectorSize, entry);
  uint32_t state;
  memcpy(&state, entry + 24, sizeof state);
  return state;
}

void blank_partition_has_no_image_on_trial() {
  RamFlash flash(2);
  OtaData data(flash);
  TEST_ASSERT_FALSE(data.on_trial());
  data.confirm();
  TEST_ASSERT_EQUAL_UINT64(0, flash.operations());
}

void newest_entry_is_confirmed_and_the_other_one_unchanged() {
  RamFlash flash(2);
  put(flash, 0, 7, kPendingVerify);
  put(flash, 1, 6, kPendingVerify);
  OtaData data(flash);
  TEST_ASSERT_TRUE(data.on_trial());
  data.confirm();
  TEST_ASSERT_FALSE(data.on_trial());
  TEST_ASSERT_EQUAL_UINT32(kValid, state_of(flash, 0));
  TEST_ASSERT_EQUAL_UINT32(kPendingVerify, state_of(flash, 1));
}

void entry_with_a_wrong_checksum_is_ignored() {
  RamFlash flash(2);
  put(flash, 0, 1, kValid);
  put(flash, 1, 2, kPendingVerify);
  const uint8_t cleared[16] = {};
  flash.program(Flash::kSectorSize, cleared);
  TEST_ASSERT_FALSE(OtaData(flash).on_trial());
}

}  // namespace

void run_ota_data_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(blank_partition_has_no_image_on_trial);
  RUN_TEST(newest_entry_is_confirmed_and_the_other_one_unchanged);
  RUN_TEST(entry_with_a_wrong_checksum_is_ignored);
}
