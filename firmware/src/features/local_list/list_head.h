#pragma once

#include "core/span.h"

namespace pb {

/// The content of the file `auth_list`: it names the version of the list and the pages that are valid. An update takes
/// effect when the file is replaced.
struct ListHead {
  /// The longest list, in pages of 2,048 bytes.
  static constexpr size_t kMaxPages = 24;
  /// The longest content, in bytes: a file of this size stays inside the directory.
  static constexpr size_t kMaxEncoded = 496;

  int64_t version = 0;  ///< 0: the list is empty
  uint32_t entries = 0;
  /// 0 or 1: the pages are the files from set * kMaxPages on. An update writes the other set.
  uint32_t set = 0;
  uint32_t pages = 0;
  uint32_t from[kMaxPages] = {};  ///< hash of the first idTag of each page, ascending

  /// The number of the file of a page.
  uint32_t file_of(size_t page) const { return static_cast<uint32_t>(set * kMaxPages + page); }
  /// The files of all pages, one bit for each number.
  uint64_t files() const {
    uint64_t bits = 0;
    for (size_t page = 0; page < pages; ++page) bits |= uint64_t{1} << file_of(page);
    return bits;
  }
  /// The first page that may have an idTag with this hash. A later page may have it too if that page begins with this
  /// hash.
  size_t page_of(uint32_t hash) const {
    size_t page = 0;
    while (page + 1 < pages && from[page + 1] < hash) ++page;
    return page;
  }

  /// @return the content of the file, in `into`.
  Bytes encode(Span<char> into) const;
  /// @return false when the content is damaged.
  bool decode(Bytes content);
};

}  // namespace pb
