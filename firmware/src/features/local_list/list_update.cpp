#include "features/local_list/list_update.h"

#include <string.h>

namespace pb {

ListUpdate::Added ListUpdate::add(const IdTagRecord& record) {
  uint8_t encoded[IdTagRecord::kMaxEncoded] = {};
  const size_t size = record.encode(encoded);
  if (size == 0 || count_ == kMaxEntries || size > kMaxBytes - length_) return Added::no_room;
  size_t place = 0;
  IdTagRecord other;
  for (size_t next = 0; read(next, other); place = next) {
    const int order = compare_id_tags(other.id_tag, record.id_tag);
    if (order == 0) return Added::twice;
    if (order > 0) break;
  }
  memmove(bytes_ + place + size, bytes_ + place, length_ - place);
  memcpy(bytes_ + place, encoded, size);
  length_ += size;
  ++count_;
  return Added::ok;
}

bool ListUpdate::read(size_t& offset, IdTagRecord& record) const {
  if (offset >= length_) return false;
  offset += record.decode({bytes_ + offset, length_ - offset});
  return true;
}

}  // namespace pb
