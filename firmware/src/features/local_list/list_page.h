#pragma once

#include "features/local_list/id_tag_record.h"
#include "features/storage/storage.h"

namespace pb {

/// Builds the content of a page: records one after the other, in their order.
class ListPage {
 public:
  void clear() { length_ = 0; }
  bool empty() const { return length_ == 0; }
  Bytes content() const { return {bytes_, length_}; }
  /// @return false, with nothing added, when the page is full.
  bool append(const IdTagRecord& record) {
    const size_t size = record.encode(MutableBytes(bytes_).after(length_));
    length_ += size;
    return size != 0;
  }

  /// Counts the records of a page. @return false when the content is damaged.
  static bool count(Bytes content, size_t& records);
  /// Finds the record of an idTag. @return false when the page does not have it.
  static bool find(Bytes content, Text id_tag, IdTagRecord& record);

 private:
  uint8_t bytes_[Storage::kMaxContent];
  size_t length_ = 0;
};

}  // namespace pb
