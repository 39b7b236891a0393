#include "port/posix/flash_secrets.h"

#include <string.h>

#include <array>

#include "core/crc32.h"

namespace pb::posix {

namespace {

constexpr uint8_t kMagic[] = {'P', 'B', 'S', '1'};
constexpr size_t kHeader = 48;
static_assert(kHeader % Flash::kProgramSize == 0, "the value begins where a program may begin");
static_assert(kHeader + Secrets::kMaxBlob <= Flash::kSectorSize, "a record fits into its sector");

constexpr size_t padded(size_t length) {
  return (length + Flash::kProgramSize - 1) / Flash::kProgramSize * Flash::kProgramSize;
}

}  // namespace

/// The layout in flash, little-endian. The CRC covers all other fields and the value.
struct FlashSecrets::Record {
  uint8_t magic[4];
  uint32_t generation;  ///< the slot with the later generation counts
  uint32_t length;
  uint8_t removed;
  uint8_t unused[15];
  char key[16];  ///< NUL-ended
  uint32_t crc;

  uint32_t checksum(Bytes value) const {
    const uint32_t head = crc32({reinterpret_cast<const uint8_t*>(this), offsetof(Record, crc)});
    return crc32(value, head);
  }
};

bool FlashSecrets::read_record(size_t slot, Record& record) {
  static_assert(sizeof(Record) == kHeader, "FORMAT.md says so");
  const size_t at = slot * Flash::kSectorSize;
  if (region_.read(at, {reinterpret_cast<uint8_t*>(&record), sizeof record}) != FlashResult::ok) return false;
  if (memcmp(record.magic, kMagic, sizeof kMagic) != 0 || record.length > kMaxBlob) return false;
  if (record.key[sizeof record.key - 1] != '\0') return false;
  std::array<uint8_t, kMaxBlob> value;
  const MutableBytes content{value.data(), record.length};
  return region_.read(at + kHeader, content) == FlashResult::ok && record.checksum(content) == record.crc;
}

FlashSecrets::Found FlashSecrets::latest(size_t pair, Record& record) {
  Found found;
  found.pair = pair;
  for (size_t slot = 0; slot < 2; ++slot) {
    Record candidate;
    if (!read_record(2 * pair + slot, candidate) || candidate.generation <= found.generation) continue;
    record = candidate;
    found = {pair, slot, candidate.generation, candidate.length, candidate.removed != 0};
  }
  return found;
}

FlashSecrets::Found FlashSecrets::find(Text key) {
  for (size_t pair = 0; pair < kMaxBlobs; ++pair) {
    Record record;
    const Found found = latest(pair, record);
    if (found.generation != 0 && !found.removed && Text(record.key) == key) return found;
  }
  return {};
}

FlashSecrets::Found FlashSecrets::find_free() {
  for (size_t pair = 0; pair < kMaxBlobs; ++pair) {
    Record record;
    const Found found = latest(pair, record);
    if (found.generation == 0 || found.removed) return found;
  }
  return {};
}

SecretsResult FlashSecrets::read(Text key, MutableBytes into, size_t& length) {
  const Found found = find(key);
  if (found.pair == kMaxBlobs) return SecretsResult::not_found;
  if (found.length > into.length) return SecretsResult::too_large;
  const size_t at = (2 * found.pair + found.slot) * Flash::kSectorSize + kHeader;
  if (region_.read(at, into.first(found.length)) != FlashResult::ok) return SecretsResult::failed;
  length = found.length;
  return SecretsResult::ok;
}

bool FlashSecrets::has(Text key) { return find(key).pair != kMaxBlobs; }

SecretsResult FlashSecrets::write(Text key, Bytes value) { return put(key, value, false); }

SecretsResult FlashSecrets::remove(Text key) { return has(key) ? put(key, {}, true) : SecretsResult::ok; }

SecretsResult FlashSecrets::put(Text key, Bytes value, bool removed) {
  if (key.empty() || key.length > kMaxKey || value.length > kMaxBlob) return SecretsResult::too_large;
  Found before = find(key);
  if (before.pair == kMaxBlobs) before = find_free();
  if (before.pair == kMaxBlobs) return SecretsResult::full;

  Record record{};
  memcpy(record.magic, kMagic, sizeof kMagic);
  record.generation = before.generation + 1;
  record.length = static_cast<uint32_t>(value.length);
  record.removed = removed ? 1 : 0;
  memcpy(record.key, key.data, key.length);
  record.crc = record.checksum(value);
  std::array<uint8_t, Flash::kSectorSize> sector;
  sector.fill(0xFF);
  memcpy(sector.data(), &record, sizeof record);
  if (!value.empty()) memcpy(sector.data() + kHeader, value.data, value.length);

  const size_t at = (2 * before.pair + 1 - before.slot) * Flash::kSectorSize;
  if (region_.erase(at) != FlashResult::ok) return SecretsResult::failed;
  const Bytes used{sector.data(), padded(kHeader + value.length)};
  if (region_.program(at, used) != FlashResult::ok) return SecretsResult::failed;
  // Erase the replaced value, so that nobody can read it out of the flash.
  if (before.generation == 0) return SecretsResult::ok;
  const size_t old = (2 * before.pair + before.slot) * Flash::kSectorSize;
  return region_.erase(old) == FlashResult::ok ? SecretsResult::ok : SecretsResult::failed;
}

}  // namespace pb::posix
