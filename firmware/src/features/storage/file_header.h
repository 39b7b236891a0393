#pragma once

#include <string.h>

#include "core/crc32.h"
#include "core/span.h"

namespace pb {

/// The first bytes of each file on flash (firmware/FORMAT.md): magic, version, and length and CRC-32 of the content.
class FileHeader {
 public:
  static constexpr size_t kSize = 12;
  /// The format that this firmware writes. Files of the previous firmware have no header.
  static constexpr uint8_t kVersion = 1;

  enum class Verdict : uint8_t { sound, newer, damaged };

  /// Writes the header of a file. @param content at most 65,535 bytes
  static void write(uint8_t (&into)[kSize], Bytes content) {
    memcpy(into, kMagic, sizeof kMagic);
    into[kVersionAt] = kVersion;
    into[kVersionAt + 1] = 0;
    put(into + kLengthAt, content.length, 2);
    put(into + kCrcAt, crc_of(into, content), 4);
  }

  /// Whether a file begins with a header. @param begin its first bytes, up to kSize
  static bool is_there(Bytes begin) {
    return begin.length >= sizeof kMagic && memcmp(begin.data, kMagic, sizeof kMagic) == 0;
  }

  /// Whether a newer firmware has written the file. @param begin as for is_there()
  static bool is_newer(Bytes begin) {
    return is_there(begin) && begin.length > kVersionAt && begin.data[kVersionAt] > kVersion;
  }

  /// Validates the content of a file against its header.
  static Verdict check(Bytes header, Bytes content) {
    if (header.length < kSize) return Verdict::damaged;
    if (header.data[kVersionAt] > kVersion) return Verdict::newer;
    const bool is_sound = take(header.data + kLengthAt, 2) == content.length &&
                          take(header.data + kCrcAt, 4) == crc_of(header.data, content);
    return is_sound ? Verdict::sound : Verdict::damaged;
  }

 private:
  // No headerless file begins with these bytes: it is text, or a batch of samples, which begins with a letter.
  static constexpr uint8_t kMagic[] = {0xFB, 'P', 'B', 0x1A};
  static constexpr size_t kVersionAt = 4;
  static constexpr size_t kLengthAt = 6;
  static constexpr size_t kCrcAt = 8;

  static uint32_t crc_of(const uint8_t* header, Bytes content) {
    return crc32(content, crc32({header + kVersionAt, kCrcAt - kVersionAt}));
  }
  static void put(uint8_t* into, size_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) into[i] = static_cast<uint8_t>(value >> (8 * i));
  }
  static size_t take(const uint8_t* from, size_t bytes) {
    size_t value = 0;
    for (size_t i = 0; i < bytes; ++i) value |= size_t{from[i]} << (8 * i);
    return value;
  }
};

}  // namespace pb
