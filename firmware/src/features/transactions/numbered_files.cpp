#include "features/transactions/numbered_files.h"

#include "core/decimal.h"
#include "core/text_writer.h"

namespace pb {

FileName numbered_file(Text prefix, uint32_t number) {
  char name[Storage::kMaxName];
  TextWriter writer(name);
  writer.append_all(prefix, Padded{number, 10});
  FileName result;
  result.assign(writer.text());
  return result;
}

NumberedFiles::NumberedFiles(Storage& storage, Text prefix) : prefix_(prefix) {
  storage.list(prefix, [](void* self, Text name) { static_cast<NumberedFiles*>(self)->add(name); }, this);
}

void NumberedFiles::add(Text name) {
  uint64_t number = 0;
  if (!parse_decimal_unsigned({name.data + prefix_.length, name.length - prefix_.length}, number)) return;
  if (number > UINT32_MAX) return;  // not written by this firmware
  if (count_ == kMax) {
    ++beyond_;
    return;
  }
  size_t at = count_++;
  for (; at > 0 && numbers_[at - 1] > number; --at) numbers_[at] = numbers_[at - 1];
  numbers_[at] = static_cast<uint32_t>(number);
}

}  // namespace pb
