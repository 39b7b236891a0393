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
    if (read.state == kInvalid || read.state == kAborted) continue;
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

bool OtaData::choose(size_t slot) {
  Entry present;
  const size_t place = newest(present);
  Entry entry;
  memset(&entry, 0xFF, sizeof entry);
  // The sequence number selects the slot: (sequence - 1) modulo the number of slots. The entry gets the next number
  // that selects `slot`.
  const uint32_t last = place == kEntries ? 0 : present.sequence;
  entry.sequence = last + 1;
  if (last % kSlots != slot) ++entry.sequence;
  entry.state = kNew;
  const Bytes sequence{reinterpret_cast<const uint8_t*>(&entry.sequence), sizeof entry.sequence};
  entry.crc = crc32(sequence, kErased);
  return put(place == 0 ? 1 : 0, entry);
}

bool OtaData::put(size_t place, const Entry& entry) {
  uint8_t bytes[sizeof entry];
  static_assert(sizeof bytes % Flash::kProgramSize == 0, "the entry is programmed in one operation");
  memcpy(bytes, &entry, sizeof bytes);
  return partition_.erase(place * Flash::kSectorSize) == FlashResult::ok &&
         partition_.program(place * Flash::kSectorSize, bytes) == FlashResult::ok;
}

void OtaData::confirm() {
  Entry entry;
  const size_t place = newest(entry);
  if (place == kEntries || entry.state != kPendingVerify) return;
  entry.state = kValid;
  // A power cut during this call leaves no valid entry in this sector. The boot loader then uses the other entry, with
  // the previous image.
  put(place, entry);
}

}  // namespace pb::posix
