#include "features/auth_cache/cache_file.h"

#include <string.h>

namespace pb {
namespace {

constexpr size_t kEpochLength = 4;
constexpr size_t kPrefix = 5;  // slot and `used` of an entry

void put_number(uint8_t* into, uint32_t value) {
  for (size_t i = 0; i < 4; ++i) into[i] = static_cast<uint8_t>(value >> (8 * i));
}

uint32_t take_number(const uint8_t* from) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value |= uint32_t{from[i]} << (8 * i);
  return value;
}

}  // namespace

CacheFile::CacheFile(MutableBytes buffer, uint32_t epoch) : buffer_(buffer), length_(kEpochLength) {
  put_number(buffer_.data, epoch);
}

CacheFile::CacheFile(MutableBytes buffer, Bytes content, uint32_t epoch) : CacheFile(buffer, epoch) {
  uint32_t own = 0;
  if (read_epoch(content, own) && own == epoch && is_sound(content)) length_ = content.length;
}

void CacheFile::put(const CacheEntry& entry) {
  CacheEntry other;
  for (size_t at = 0, next = 0; read(content(), next, other); at = next) {
    const size_t begin = at == 0 ? kEpochLength : at;
    if (other.slot != entry.slot) continue;
    memmove(buffer_.data + begin, buffer_.data + next, length_ - next);
    length_ -= next - begin;
    break;
  }
  const MutableBytes rest = buffer_.after(length_);
  if (rest.length < kPrefix) return;
  const size_t size = entry.record.encode(rest.after(kPrefix));
  if (size == 0) return;
  rest[0] = entry.slot;
  put_number(rest.data + 1, entry.used);
  length_ += kPrefix + size;
}

bool CacheFile::read_epoch(Bytes content, uint32_t& epoch) {
  if (content.length < kEpochLength) return false;
  epoch = take_number(content.data);
  return true;
}

bool CacheFile::read(Bytes content, size_t& offset, CacheEntry& entry) {
  const size_t at = offset == 0 ? kEpochLength : offset;
  if (content.length < at + kPrefix) return false;
  const size_t size = entry.record.decode(content.after(at + kPrefix));
  if (size == 0 || content[at] >= kSlots) return false;
  entry.slot = content[at];
  entry.used = take_number(content.data + at + 1);
  offset = at + kPrefix + size;
  return true;
}

bool CacheFile::is_sound(Bytes content) {
  size_t offset = 0;
  CacheEntry entry;
  while (read(content, offset, entry)) {
  }
  return content.length >= kEpochLength && (offset == 0 ? kEpochLength : offset) == content.length;
}

}  // namespace pb
