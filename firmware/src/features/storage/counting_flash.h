#pragma once

#include "port/flash.h"

namespace pb {

/// A flash that counts the operations on another flash, for telemetry. One thread at a time writes the counters, at
/// first the loop and then the worker, and the loop reads them. The counters have at most one word, which a chip
/// without atomic additions reads and writes at once.
class CountingFlash final : public Flash {
 public:
  /// Sectors whose erases are counted one by one; later sectors are only in the total.
  static constexpr size_t kMaxSectors = 160;

  explicit CountingFlash(Flash& flash) : flash_(flash) {}

  uint32_t programs() const { return load(programs_); }
  uint32_t erases() const { return load(erases_); }
  uint32_t reads() const { return load(reads_); }
  /// The erases since the start of the sector that was erased most often.
  uint32_t most_erases() const {
    uint32_t most = 0;
    for (const uint16_t& count : sector_erases_) {
      const uint16_t value = __atomic_load_n(&count, __ATOMIC_RELAXED);
      if (value > most) most = value;
    }
    return most;
  }

  /// Sectors with a count of their own.
  size_t sectors() const { return size() / kSectorSize < kMaxSectors ? size() / kSectorSize : kMaxSectors; }
  /// The erases of a sector since the start, at most 65,535. @param sector below sectors()
  uint32_t erases_of(size_t sector) const { return __atomic_load_n(&sector_erases_[sector], __ATOMIC_RELAXED); }

  size_t size() const override { return flash_.size(); }
  FlashResult read(size_t offset, MutableBytes into) override {
    count(reads_);
    return flash_.read(offset, into);
  }
  FlashResult program(size_t offset, Bytes bytes) override {
    count(programs_);
    return flash_.program(offset, bytes);
  }
  FlashResult erase(size_t offset) override {
    count(erases_);
    const size_t sector = offset / kSectorSize;
    if (sector < kMaxSectors && sector_erases_[sector] != UINT16_MAX) {
      count(sector_erases_[sector]);
    }
    return flash_.erase(offset);
  }
  bool claims_full() const override { return flash_.claims_full(); }

 private:
  static uint32_t load(const uint32_t& counter) { return __atomic_load_n(&counter, __ATOMIC_RELAXED); }
  template <class Number>
  static void count(Number& counter) {
    __atomic_store_n(&counter, static_cast<Number>(counter + 1), __ATOMIC_RELAXED);
  }

  Flash& flash_;
  uint32_t reads_ = 0;
  uint32_t programs_ = 0;
  uint32_t erases_ = 0;
  uint16_t sector_erases_[kMaxSectors] = {};
};

}  // namespace pb
