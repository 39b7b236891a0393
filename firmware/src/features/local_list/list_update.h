#pragma once

#include "features/local_list/id_tag_record.h"

namespace pb {

/// The entries of one SendLocalList, in the order of the pages: added, changed and removed idTags.
class ListUpdate {
 public:
  /// SendLocalListMaxLength: as many entries with idTag, parentIdTag and expiryDate as one message has room for.
  static constexpr size_t kMaxEntries = 50;
  /// Bytes of all records: kMaxEntries of the longest with ASCII characters.
  static constexpr size_t kMaxBytes = kMaxEntries * IdTagRecord::kMaxAscii + 2;

  enum class Added : uint8_t { ok, twice, no_room };

  void clear() { length_ = count_ = 0; }
  size_t count() const { return count_; }
  /// Adds an entry. An entry is rejected when its idTag is already there.
  Added add(const IdTagRecord& record);
  /// Reads the entry at `offset`, 0 for the first one, and moves `offset` to the next. @return false at the end.
  bool read(size_t& offset, IdTagRecord& record) const;

 private:
  uint8_t bytes_[kMaxBytes];
  size_t length_ = 0;
  size_t count_ = 0;
};

}  // namespace pb
