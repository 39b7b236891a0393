#pragma once

#include "core/text.h"
#include "core/time.h"

namespace pb {

/// The newest lines of the log, in memory that a warm reset leaves as it is. After a reset the constructor finds the
/// lines again, each checked by its CRC; memory without a valid header is an empty ring.
///
/// A place in the ring is the number of bytes written before it since the ring was empty, modulo 2^32. The ring also
/// keeps the Notes of its user, which must survive together with the lines.
class LogRing {
 public:
  /// Bytes of lines, each with kFrame bytes before it.
  static constexpr size_t kCapacity = 4'096;
  /// Length and check, before each line.
  static constexpr size_t kFrame = 4;
  /// A longer line is cut, and ends in `...`.
  static constexpr size_t kMaxLine = 512;
  /// Bytes of each of the two headers, which lie before the lines.
  static constexpr size_t kSlot = 128;
  /// Bytes of the memory that the ring takes.
  static constexpr size_t kMemory = 2 * kSlot + kCapacity;

  /// Numbers that survive with the lines.
  struct Notes {
    uint32_t file = 0;        ///< number of the file that is being filled
    uint32_t file_begin = 0;  ///< place of its first line
    uint32_t stored = 0;      ///< place up to which the lines are on flash
    uint32_t lost = 0;        ///< bytes of lines that were overwritten before they were on flash
    uint32_t credit_ms = 0;   ///< the credit for writes to flash
    uint32_t reserved = 0;
    uint64_t uptime_ms = 0;  ///< the latest time at which the device was known to run
  };

  /// @param memory kMemory bytes, aligned to 8
  explicit LogRing(MutableBytes memory);

  /// Whether the constructor found a ring from before the reset.
  bool restored() const { return restored_; }

  /// Appends a line, and drops the oldest lines to make room for it.
  void push(Text line);
  const Notes& notes() const { return header_.notes; }
  void set_notes(const Notes& notes);

  /// Place of the oldest line.
  uint32_t begin() const { return header_.tail; }
  /// Place after the newest line.
  uint32_t end() const { return header_.head; }
  /// Whether `place` is between begin() and end(), or one of them.
  bool has(uint32_t place) const { return place - header_.tail <= header_.head - header_.tail; }
  /// Reads the line at `place`, which is not end(). @return the line, in `into`; `place` is then the place of the next
  /// line
  Text read(uint32_t& place, Span<char> into) const;

 private:
  struct Header {
    uint32_t magic;
    uint32_t generation;  ///< the slot with the higher generation is used
    uint32_t tail;
    uint32_t head;
    Notes notes;
    uint32_t padding;
    uint32_t crc;
  };
  static_assert(sizeof(Header) <= kSlot, "a header fits into its slot");
  static constexpr uint32_t kMagic = 0x474F4C01;

  static uint32_t crc_of(const Header& header);
  Header* slot(size_t index) { return reinterpret_cast<Header*>(memory_.data + kSlot * index); }
  uint8_t& at(uint32_t place) const { return memory_.data[2 * kSlot + place % kCapacity]; }
  size_t length_at(uint32_t place) const { return size_t{at(place)} | size_t{at(place + 1)} << 8; }
  void drop_oldest() { header_.tail += static_cast<uint32_t>(kFrame + length_at(header_.tail)); }
  bool is_sound(uint32_t place) const;
  void commit();

  MutableBytes memory_;
  Header header_ = {};
  bool restored_ = false;
};

}  // namespace pb
