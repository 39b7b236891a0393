#pragma once

#include "features/local_list/id_tag_record.h"

namespace pb {

/// An entry of a file of the authorization cache.
struct CacheEntry {
  uint8_t slot = 0;   ///< its place in the cache, within the file
  uint32_t used = 0;  ///< grows with each change: the entry with the lowest one was changed first
  IdTagRecord record;
};

/// One of the files with the entries of the authorization cache (firmware/FORMAT.md): the epoch of the cache, and up to
/// kSlots entries in any order. Its content is built in a buffer of the caller.
class CacheFile {
 public:
  static constexpr size_t kSlots = 8;
  /// Room for entries with the longest texts; with ASCII texts a file stays inside the directory.
  static constexpr size_t kMaxEncoded = 4 + kSlots * (5 + IdTagRecord::kMaxEncoded);

  /// Starts with an empty file.
  CacheFile(MutableBytes buffer, uint32_t epoch);
  /// Continues the content at the start of the buffer; an empty file of `epoch` if it is of another one or damaged.
  CacheFile(MutableBytes buffer, Bytes content, uint32_t epoch);

  /// Puts the entry in place of the one with its slot.
  void put(const CacheEntry& entry);
  Bytes content() const { return {buffer_.data, length_}; }

  /// @return false when the content is no file of the cache.
  static bool read_epoch(Bytes content, uint32_t& epoch);
  /// Reads the entry at `offset`, 0 for the first one, and moves `offset` to the next. @return false at the end, or
  /// where the content is damaged.
  static bool read(Bytes content, size_t& offset, CacheEntry& entry);
  /// Whether the whole content can be read.
  static bool is_sound(Bytes content);

 private:
  MutableBytes buffer_;
  size_t length_ = 0;
};

}  // namespace pb
