#pragma once

#include <string.h>

#include "features/local_list/id_tag_record.h"

namespace pb {

/// The entries that the authorization cache has to write, oldest first.
class PendingEntries {
 public:
  /// Room for ten entries with ASCII texts.
  static constexpr size_t kMaxBytes = 10 * IdTagRecord::kMaxAscii;

  bool empty() const { return length_ == 0; }
  void clear() { length_ = 0; }
  /// How many bytes are free.
  size_t room() const { return kMaxBytes - length_; }
  /// @return false, with nothing added, when there is no room.
  bool push(const IdTagRecord& record) {
    const size_t size = record.encode(MutableBytes(bytes_).after(length_));
    length_ += size;
    return size != 0;
  }
  /// Reads the oldest entry. @return false when there is none.
  bool front(IdTagRecord& record) const { return length_ != 0 && record.decode({bytes_, length_}) != 0; }
  void drop_front() {
    IdTagRecord record;
    const size_t size = record.decode({bytes_, length_});
    memmove(bytes_, bytes_ + size, length_ - size);
    length_ -= size;
  }
  /// Finds the newest entry of an idTag.
  bool find(Text id_tag, IdTagRecord& found) const {
    bool is_there = false;
    IdTagRecord record;
    for (size_t at = 0; at < length_;) {
      at += record.decode({bytes_ + at, length_ - at});
      if (!equal_ignoring_case(record.id_tag, id_tag)) continue;
      found = record;
      is_there = true;
    }
    return is_there;
  }

 private:
  uint8_t bytes_[kMaxBytes];
  size_t length_ = 0;
};

}  // namespace pb
