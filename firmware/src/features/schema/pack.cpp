#include "features/schema/pack.h"

#include "core/crc32.h"

namespace pb {
namespace {

constexpr size_t kCrcOffset = 60;
constexpr size_t kSmallestTables = 4;
constexpr size_t kMostTables = 0xffff;

uint32_t number(const uint8_t* bytes, size_t count) {
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i) value |= uint32_t{bytes[i]} << (8 * i);
  return value;
}

}  // namespace

const char* read_pack(Bytes slot, SchemaPack& pack) {
  if (slot.length < SchemaPack::kHeaderSize || memcmp(slot.data, "PBSP", 4) != 0) return "it has no pack";
  if (number(slot.data + 4, 2) != SchemaPack::kFormatVersion || number(slot.data + 6, 2) != SchemaPack::kHeaderSize) {
    return "its format is unknown to this firmware";
  }
  const size_t length = number(slot.data + 20, 4);
  if (length < kSmallestTables || length > kMostTables || length > slot.length - SchemaPack::kHeaderSize) {
    return "its length is impossible";
  }
  const Bytes tables{slot.data + SchemaPack::kHeaderSize, length};
  if (crc32(tables, crc32({slot.data, kCrcOffset})) != number(slot.data + kCrcOffset, 4)) return "its CRC is wrong";
  const Text protocol = text_of_field(reinterpret_cast<const char*>(slot.data + 8), 12);
  if (protocol.empty() || !is_graphic_ascii(protocol)) return "its protocol has no name";
  pack.protocol.assign(protocol);
  pack.digest = {slot.data + 24, SchemaPack::kDigestSize};
  pack.tables = SchemaTables(tables);
  pack.length = SchemaPack::kHeaderSize + length;
  pack.crc = number(slot.data + kCrcOffset, 4);
  return nullptr;
}

}  // namespace pb
