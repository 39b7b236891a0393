#pragma once

#include <string.h>

#include <vector>

#include "port/mapped_flash.h"

namespace pb {

/// The effect of a power cut on the operation that it interrupts.
enum class Tear : uint8_t { none, half, random };

/// NOR flash in memory: programming clears bits, erasing sets them. A power cut tears one operation, and every call
/// after it fails, so that the code under test returns through its own error paths.
class RamFlash final : public MappedFlash {
 public:
  /// @param others sectors after this region, for a RamFlashPart: regions of one chip have their power cut together
  explicit RamFlash(size_t sectors = 144, size_t others = 0)
      : size_(sectors * kSectorSize),
        bytes_((sectors + others) * kSectorSize, 0xFF),
        sector_erases_(sectors + others) {}

  /// Cuts the power in the `operation`-th program or erase from now, counted from 1.
  void cut_at(uint64_t operation, Tear tear, uint32_t seed = 1) {
    cut_ = operations_ + operation;
    tear_ = tear;
    random_ = seed * 2654435761u + 1;
  }
  /// Restores the power; the bytes stay as the cut left them.
  void power_on() {
    cut_ = 0;
    dead_ = false;
  }
  bool dead() const { return dead_; }
  /// Returns the number of programs and erases so far.
  uint64_t operations() const { return operations_; }
  uint64_t erases() const { return erases_; }
  /// Returns the number of erases of each sector.
  const std::vector<uint32_t>& sector_erases() const { return sector_erases_; }
  uint8_t* data() { return bytes_.data(); }
  std::vector<uint8_t>& content() { return bytes_; }
  /// The result of claims_full().
  bool full = false;
  /// Called at the power cut, before the torn operation returns, so that a test can record the outputs.
  void (*on_cut)(void* context) = nullptr;
  void* cut_context = nullptr;

  size_t size() const override { return size_; }
  Bytes mapped() const override { return {bytes_.data(), size_}; }
  FlashResult read(size_t offset, MutableBytes into) override {
    return inside(offset, into.length) ? read_any(offset, into) : FlashResult::out_of_range;
  }
  FlashResult program(size_t offset, Bytes bytes) override {
    return inside(offset, bytes.length) ? program_any(offset, bytes) : FlashResult::out_of_range;
  }
  FlashResult erase(size_t offset) override {
    return inside(offset, kSectorSize) ? erase_any(offset) : FlashResult::out_of_range;
  }
  bool claims_full() const override { return full; }

 private:
  friend class RamFlashPart;

  FlashResult read_any(size_t offset, MutableBytes into) const {
    if (dead_) return FlashResult::failed;
    memcpy(into.data, bytes_.data() + offset, into.length);
    return FlashResult::ok;
  }
  FlashResult program_any(size_t offset, Bytes bytes) {
    if (dead_) return FlashResult::failed;
    if (offset % kProgramSize != 0 || bytes.length % kProgramSize != 0) return FlashResult::unaligned;
    const bool torn = begin_operation();
    for (size_t i = 0; i < bytes.length; ++i) {
      const uint8_t reached = torn ? reach(i, bytes.length) : 0xFF;
      bytes_[offset + i] = static_cast<uint8_t>(bytes_[offset + i] & (bytes[i] | ~reached));
    }
    return torn ? FlashResult::failed : FlashResult::ok;
  }
  FlashResult erase_any(size_t offset) {
    if (dead_) return FlashResult::failed;
    if (offset % kSectorSize != 0) return FlashResult::unaligned;
    ++erases_;
    ++sector_erases_[offset / kSectorSize];
    const bool torn = begin_operation();
    for (size_t i = 0; i < kSectorSize; ++i) {
      bytes_[offset + i] = static_cast<uint8_t>(bytes_[offset + i] | (torn ? reach(i, kSectorSize) : 0xFF));
    }
    return torn ? FlashResult::failed : FlashResult::ok;
  }
  bool inside(size_t offset, size_t length) const { return offset <= size_ && length <= size_ - offset; }
  bool begin_operation() {
    if (++operations_ != cut_) return false;
    dead_ = true;
    if (on_cut != nullptr) on_cut(cut_context);
    return true;
  }
  /// Returns the bits of byte `i` that the torn operation changed.
  uint8_t reach(size_t i, size_t length) {
    if (tear_ == Tear::none) return 0;
    if (tear_ == Tear::half) return i < length / 2 ? 0xFF : 0;
    random_ ^= random_ << 13;
    random_ ^= random_ >> 17;
    random_ ^= random_ << 5;
    return static_cast<uint8_t>(random_ >> 8);
  }

  size_t size_;
  std::vector<uint8_t> bytes_;
  std::vector<uint32_t> sector_erases_;
  uint64_t operations_ = 0;
  uint64_t erases_ = 0;
  uint64_t cut_ = 0;
  bool dead_ = false;
  Tear tear_ = Tear::none;
  uint32_t random_ = 1;
};

/// Another region of the chip of a RamFlash, after it.
class RamFlashPart final : public MappedFlash {
 public:
  /// @param first sector of the part  @param sectors of it
  RamFlashPart(RamFlash& chip, size_t first, size_t sectors)
      : chip_(chip), start_(first * kSectorSize), size_(sectors * kSectorSize) {}

  size_t size() const override { return size_; }
  Bytes mapped() const override { return {chip_.bytes_.data() + start_, size_}; }
  FlashResult read(size_t offset, MutableBytes into) override {
    return inside(offset, into.length) ? chip_.read_any(start_ + offset, into) : FlashResult::out_of_range;
  }
  FlashResult program(size_t offset, Bytes bytes) override {
    return inside(offset, bytes.length) ? chip_.program_any(start_ + offset, bytes) : FlashResult::out_of_range;
  }
  FlashResult erase(size_t offset) override {
    return inside(offset, kSectorSize) ? chip_.erase_any(start_ + offset) : FlashResult::out_of_range;
  }

 private:
  bool inside(size_t offset, size_t length) const { return offset <= size_ && length <= size_ - offset; }

  RamFlash& chip_;
  size_t start_;
  size_t size_;
};

}  // namespace pb
