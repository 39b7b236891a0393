#include "features/logging/log_ring.h"

#include <stddef.h>

#include "core/crc32.h"

namespace pb {

namespace {

constexpr Text kCutMark = "...";

bool is_continuation(char byte) { return (static_cast<uint8_t>(byte) & 0xC0) == 0x80; }

uint16_t check_of(uint32_t crc) { return static_cast<uint16_t>(crc ^ crc >> 16); }

}  // namespace

LogRing::LogRing(MutableBytes memory) : memory_(memory) {
  for (size_t i = 0; i < 2; ++i) {
    Header found;
    memcpy(&found, slot(i), sizeof found);
    if (found.magic != kMagic || found.crc != crc_of(found) || found.head - found.tail > kCapacity) continue;
    if (restored_ && found.generation - header_.generation > UINT32_MAX / 2) continue;
    header_ = found;
    restored_ = true;
  }
  if (!restored_) {
    header_.magic = kMagic;
    commit();
    return;
  }
  // The places of the lines behind a damaged line are unknown, so the ring ends before it.
  uint32_t place = header_.tail;
  while (place != header_.head && is_sound(place)) place += static_cast<uint32_t>(kFrame + length_at(place));
  header_.head = place;
  commit();
}

uint32_t LogRing::crc_of(const Header& header) {
  return crc32({reinterpret_cast<const uint8_t*>(&header), offsetof(Header, crc)});
}

bool LogRing::is_sound(uint32_t place) const {
  const size_t left = header_.head - place;
  if (left < kFrame || length_at(place) > left - kFrame || length_at(place) > kMaxLine) return false;
  uint32_t crc = 0;
  const auto end = static_cast<uint32_t>(place + kFrame + length_at(place));
  for (uint32_t i = static_cast<uint32_t>(place + kFrame); i != end; ++i) crc = crc32({&at(i), 1}, crc);
  return check_of(crc) == (at(place + 2) | at(place + 3) << 8);
}

void LogRing::push(Text line) {
  const bool is_cut = line.length > kMaxLine;
  size_t length = line.length;
  if (is_cut) {
    length = kMaxLine - kCutMark.length;
    while (is_continuation(line.data[length])) --length;  // do not split a character
  }
  const size_t all = is_cut ? length + kCutMark.length : length;
  while (header_.head - header_.tail + kFrame + all > kCapacity) drop_oldest();
  // Until the next commit() a reset finds the old header, so write the new one before any dropped line is overwritten.
  if (header_.tail != slot(header_.generation % 2)->tail) commit();
  uint32_t crc = crc32({reinterpret_cast<const uint8_t*>(line.data), length});
  if (is_cut) crc = crc32(kCutMark.bytes(), crc);
  uint32_t place = header_.head;
  const auto put = [this, &place](size_t byte) { at(place++) = static_cast<uint8_t>(byte); };
  put(all & 0xFF);
  put(all >> 8);
  put(check_of(crc) & 0xFF);
  put(check_of(crc) >> 8);
  for (size_t i = 0; i < length; ++i) put(static_cast<uint8_t>(line.data[i]));
  for (size_t i = length; i < all; ++i) put(static_cast<uint8_t>(kCutMark.data[i - length]));
  header_.head = place;
  commit();
}

void LogRing::set_notes(const Notes& notes) {
  header_.notes = notes;
  commit();
}

Text LogRing::read(uint32_t& place, Span<char> into) const {
  const size_t length = length_at(place);
  const size_t copied = length < into.length ? length : into.length;
  for (size_t i = 0; i < copied; ++i) {
    into[i] = static_cast<char>(at(place + static_cast<uint32_t>(kFrame + i)));
  }
  place += static_cast<uint32_t>(kFrame + length);
  return {into.data, copied};
}

/// Writes the header into the slot that is not in force, so that a reset during the write leaves the other header
/// intact.
void LogRing::commit() {
  ++header_.generation;
  header_.crc = crc_of(header_);
  memcpy(slot(header_.generation % 2), &header_, sizeof header_);
}

}  // namespace pb
