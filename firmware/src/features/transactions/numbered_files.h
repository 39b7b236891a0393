#pragma once

#include "core/text.h"
#include "features/storage/storage.h"

namespace pb {

using FileName = FixedText<Storage::kMaxName>;

/// The name of a file with a number; the digits are padded, so that names sort like numbers.
FileName numbered_file(Text prefix, uint32_t number);

/// The numbers of the files with a prefix, in ascending order.
class NumberedFiles {
 public:
  static constexpr size_t kMax = 72;

  NumberedFiles(Storage& storage, Text prefix);

  const uint32_t* begin() const { return numbers_; }
  const uint32_t* end() const { return numbers_ + count_; }
  /// The number of files beyond kMax.
  size_t beyond() const { return beyond_; }

 private:
  void add(Text name);

  Text prefix_;
  uint32_t numbers_[kMax] = {};
  size_t count_ = 0;
  size_t beyond_ = 0;
};

}  // namespace pb
