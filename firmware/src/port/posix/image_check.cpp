#include "port/posix/image_check.h"

#include <string.h>

#include "core/sha256.h"
#include "port/image_header.h"

namespace pb::posix {

namespace {

constexpr size_t kSegmentHeader = 8;
constexpr size_t kAlignment = 16;
constexpr uint8_t kChecksumSeed = 0xEF;
constexpr char kProgramMark[] = "PBHOST02";
constexpr size_t kProgramMarkLength = sizeof kProgramMark - 1;

/// Reads an image from its start to its end, and hashes it.
class Reader {
 public:
  Reader(Flash& slot, size_t length) : slot_(slot), length_(length) {}

  size_t place() const { return place_; }
  bool read(MutableBytes into) {
    if (into.length > length_ - place_ || slot_.read(place_, into) != FlashResult::ok) return false;
    place_ += into.length;
    sha_.add(into);
    return true;
  }
  /// Reads a segment, and adds its bytes to the checksum.
  bool read_segment(size_t length, uint8_t& checksum, bool& is_program) {
    uint8_t bytes[1024] = {};
    bool is_start = true;
    for (size_t left = length; left > 0; is_start = false) {
      const MutableBytes part = MutableBytes(bytes).first(left);
      if (!read(part)) return false;
      for (const uint8_t byte : part) checksum ^= byte;
      if (is_start && part.length >= kProgramMarkLength && memcmp(bytes, kProgramMark, kProgramMarkLength) == 0)
        is_program = true;
      left -= part.length;
    }
    return true;
  }
  void finish(uint8_t (&digest)[kSha256Length]) { sha_.finish(digest); }

 private:
  Flash& slot_;
  size_t length_;
  size_t place_ = 0;
  Sha256 sha_;
};

}  // namespace

UpdateResult check_image(Flash& slot, size_t length) {
  if (length > slot.size()) return UpdateResult::too_large;
  Reader image(slot, length);
  uint8_t header[image_header::kLength] = {};
  if (!image.read(header) || header[0] != image_header::kMagic) return UpdateResult::damaged;
  const size_t segments = header[image_header::kSegmentsPlace];
  const bool has_hash = header[image_header::kHasHashPlace] != 0;

  uint8_t checksum = kChecksumSeed;
  bool has_program = false;
  for (size_t i = 0; i < segments; ++i) {
    uint8_t bytes[kSegmentHeader] = {};
    if (!image.read(bytes)) return UpdateResult::damaged;
    uint32_t size = 0;
    for (size_t byte = 0; byte < 4; ++byte) size |= uint32_t{bytes[4 + byte]} << (8 * byte);
    if (!image.read_segment(size, checksum, has_program)) return UpdateResult::damaged;
  }
  uint8_t padding[kAlignment] = {};
  const MutableBytes end = MutableBytes(padding).first(kAlignment - image.place() % kAlignment);
  if (!image.read(end) || end[end.length - 1] != checksum) return UpdateResult::damaged;
  if (has_hash) {
    uint8_t expected[kSha256Length];
    uint8_t stored[kSha256Length] = {};
    image.finish(expected);
    const size_t place = image.place();
    if (length - place < sizeof stored || slot.read(place, stored) != FlashResult::ok) return UpdateResult::damaged;
    if (memcmp(expected, stored, sizeof stored) != 0) return UpdateResult::damaged;
  }
  return has_program ? UpdateResult::ok : UpdateResult::other_chip;
}

}  // namespace pb::posix
