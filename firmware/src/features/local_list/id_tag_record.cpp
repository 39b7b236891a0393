#include "features/local_list/id_tag_record.h"

#include <string.h>

#include "core/crc32.h"

namespace pb {
namespace {

// The first byte: the status, and the parts that follow the idTag.
constexpr uint8_t kStatus = 0x07;
constexpr uint8_t kHasExpiry = 0x10;
constexpr uint8_t kHasParent = 0x20;
constexpr uint8_t kIsRemoval = 0x80;
constexpr uint8_t kKnown = kStatus | kHasExpiry | kHasParent | kIsRemoval;

constexpr size_t kExpiryLength = 8;
constexpr size_t kMaxText = 80;

uint8_t lower(char c) { return static_cast<uint8_t>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); }

/// Reads a length and a text, and moves `at` to the end of the text.
bool take_text(Bytes bytes, size_t& at, Text& text) {
  if (at >= bytes.length) return false;
  const size_t length = bytes[at++];
  if (length > kMaxText || length > bytes.length - at) return false;
  text = {reinterpret_cast<const char*>(bytes.data) + at, length};
  at += length;
  return true;
}

void put_text(uint8_t* into, size_t& at, Text text) {
  into[at++] = static_cast<uint8_t>(text.length);
  memcpy(into + at, text.data, text.length);
  at += text.length;
}

}  // namespace

IdTagInfo IdTagRecord::info() const {
  IdTagInfo info;
  info.status = status;
  info.expires = expires;
  info.parent.assign(parent);
  return info;
}

IdTagRecord record_of(Text id_tag, const IdTagInfo& info) {
  return {id_tag, info.status, info.expires, info.parent.text(), false};
}

size_t IdTagRecord::encode(MutableBytes into) const {
  const size_t expiry = expires != 0 ? kExpiryLength : 0;
  const size_t group = parent.empty() ? 0 : 1 + parent.length;
  const size_t length = 2 + id_tag.length + expiry + group;
  if (id_tag.length > kMaxText || parent.length > kMaxText || length > into.length) return 0;
  into[0] = static_cast<uint8_t>(static_cast<uint8_t>(status) | (expiry != 0 ? kHasExpiry : 0) |
                                 (group != 0 ? kHasParent : 0) | (is_removal ? kIsRemoval : 0));
  size_t at = 1;
  put_text(into.data, at, id_tag);
  for (size_t i = 0; i < expiry; ++i) into[at++] = static_cast<uint8_t>(static_cast<uint64_t>(expires) >> (8 * i));
  if (group != 0) put_text(into.data, at, parent);
  return length;
}

size_t IdTagRecord::decode(Bytes bytes) {
  *this = IdTagRecord();
  if (bytes.empty() || (bytes[0] & ~kKnown) != 0) return 0;
  const uint8_t parts = bytes[0];
  if ((parts & kStatus) > static_cast<uint8_t>(AuthorizationStatus::concurrent_tx)) return 0;
  status = static_cast<AuthorizationStatus>(parts & kStatus);
  is_removal = (parts & kIsRemoval) != 0;
  size_t at = 1;
  if (!take_text(bytes, at, id_tag)) return 0;
  if ((parts & kHasExpiry) != 0) {
    if (bytes.length - at < kExpiryLength) return 0;
    uint64_t value = 0;
    for (size_t i = 0; i < kExpiryLength; ++i) value |= uint64_t{bytes[at++]} << (8 * i);
    expires = static_cast<UnixMillis>(value);
  }
  if ((parts & kHasParent) != 0 && !take_text(bytes, at, parent)) return 0;
  return at;
}

uint32_t hash_of_id_tag(Text id_tag) {
  uint8_t folded[kMaxText];
  const size_t length = id_tag.length < kMaxText ? id_tag.length : kMaxText;
  for (size_t i = 0; i < length; ++i) folded[i] = lower(id_tag.data[i]);
  return crc32({folded, length});
}

int compare_id_tags(Text a, Text b) {
  const uint32_t hash_a = hash_of_id_tag(a);
  const uint32_t hash_b = hash_of_id_tag(b);
  if (hash_a != hash_b) return hash_a < hash_b ? -1 : 1;
  for (size_t i = 0; i < a.length && i < b.length; ++i) {
    if (lower(a.data[i]) != lower(b.data[i])) return lower(a.data[i]) < lower(b.data[i]) ? -1 : 1;
  }
  if (a.length == b.length) return 0;
  return a.length < b.length ? -1 : 1;
}

IdTagInfo at_present(const IdTagInfo& info, const TimeSync& time) {
  IdTagInfo present = info;
  const bool timed = info.status == AuthorizationStatus::accepted && info.expires != 0;
  if (timed && (time.quality() == TimeQuality::none || time.now() >= info.expires)) {
    present.status = AuthorizationStatus::expired;
  }
  return present;
}

}  // namespace pb
