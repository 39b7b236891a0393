#include "port/posix/ota_data.h"

#include <string.h>

#include "core/crc32.h"

namespace pb::posix {

namespace {

constexpr uint32_t kErased = 0xFFFFFFFF;

}  // namespace

size_t OtaData::newest(Entry& entry) const {
  size_t found = kEntries;
  for (size_t i = 0; i < kEntries; ++i) {
    Entry read;
    uint8_t bytes[sizeof read] = {};
    if (partition_.read(i * Flash::kSectorSize, bytes) != FlashResult::ok) return kEntries;
    memcpy(&read, bytes, sizeof read);
    const Bytes sequence{bytes, sizeof read.sequence};
    if (read.sequence == kErased || read.crc != crc32(sequence, kErased)) continue;
    if (found != kEntries && read.sequence <= entry.sequence) continue;
    entry = read;
    found = i;
  }
  return found;
}

uint32_t OtaData::state() const {
  Entry entry;
  return newest(entry) == kEntries ? kErased : entry.state;
}

void OtaData::confirm() {
  Entry entry;
  const size_t place = newest(entry);
  if (place == kEntries || entry.state != kPendingVerify) return;
  entry.state = kValid;
  uint8_t bytes[sizeof entry];
  static_assert(sizeof bytes % Flash::kProgramSize == 0, "the entry is programmed in one operation");
  memcpy(bytes, &entry, sizeof bytes);
  // A power cut in between leaves no entry here: the boot loader uses the other one, with the previous image.
  if (partition_.erase(place * Flash::kSectorSize) == FlashResult::ok)
    partition_.program(place * Flash::kSectorSize, bytes);
}

}  // namespace pb::posix
