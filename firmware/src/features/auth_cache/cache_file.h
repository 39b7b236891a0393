#pragma once

#include "features/local_list/id_tag_record.h"

namespace pb {

/// An entry of a file of the authorization cache.
struct CacheEntry {
  uint8_t slot = 0;   ///< its place in the file, 0 to 7
  uint32_t used = 0;  ///< number of the last change: the lowest one is the oldest entry
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
  /// Continues the content that is in the buffer. If it is damaged or of another epoch, starts with an empty file.
  CacheFile(MutableBytes buffer, Bytes content, uint32_t epoch);

  /// Adds the entry, or replaces the entry of the same slot.
  void put(const CacheEntry& entry);
  Bytes content() const { return {buffer_.data, length_}; }

  /// @return false when the content is not a file of the cache.
  static bool read_epoch(Bytes content, uint32_t& epoch);
  /// Reads the entry at `offset`, 0 for the first one, and moves `offset` to the next. @return false at the end, or
  /// if the content is damaged there.
  static bool read(Bytes content, size_t& offset, CacheEntry& entry);
  /// Whether the whole content can be read.
  static bool is_sound(Bytes content);

 private:
  MutableBytes buffer_;
  size_t length_ = 0;
};

}  // namespace pb
