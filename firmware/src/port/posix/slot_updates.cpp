#include "port/posix/slot_updates.h"

#include <string.h>

#include "port/posix/image_check.h"

namespace pb::posix {

UpdateResult SlotUpdates::begin(size_t length) {
  if (length > room()) return UpdateResult::too_large;
  // As ESP-IDF does: while an image is on trial, the other slot holds its fallback.
  if (ota_data_.on_trial()) return UpdateResult::unconfirmed;
  length_ = length;
  written_ = 0;
  return UpdateResult::ok;
}

UpdateResult SlotUpdates::write(Bytes bytes) {
  if (bytes.length > length_ - written_) return UpdateResult::too_large;
  for (Bytes rest = bytes; !rest.empty();) {
    if (written_ % Flash::kSectorSize == 0 && next().erase(written_) != FlashResult::ok) return UpdateResult::failed;
    const size_t to_sector_end = Flash::kSectorSize - written_ % Flash::kSectorSize;
    uint8_t block[Flash::kProgramSize];
    Bytes part = rest.first(to_sector_end);
    part.length -= part.length % sizeof block;
    const size_t length = part.empty() ? rest.length : part.length;
    if (part.empty()) {
      memset(block, 0xFF, sizeof block);
      memcpy(block, rest.data, rest.length);
      part = block;
    }
    if (next().program(written_, part) != FlashResult::ok) return UpdateResult::failed;
    written_ += length;
    rest = rest.after(length);
  }
  return UpdateResult::ok;
}

UpdateResult SlotUpdates::finish() {
  const size_t length = length_;
  length_ = 0;
  if (length == 0 || written_ != length) return UpdateResult::damaged;
  const UpdateResult result = check_image(next(), length);
  if (result != UpdateResult::ok) return result;
  return ota_data_.choose(1 - running_) ? UpdateResult::ok : UpdateResult::failed;
}

}  // namespace pb::posix
