#pragma once

#include <map>

#include "features/time_sync/date_time.h"
#include "support/ram_flash.h"

namespace pb::powercut {

/// Counts the allocations of TLS, and refuses some of them: with the effect `none` one; with `half` that one and one to
/// eight that follow; with `random` all of them until the shortage ends.
class FailingAllocations {
 public:
  /// The duration of a long shortage: several attempts to connect fail.
  static constexpr UnixMillis kShortage = 5'000;

  /// Lets the `allocation`-th one from now fail, counted from 1.
  void fail_at(uint64_t allocation, Tear effect, uint32_t seed) {
    first_ = calls_ + allocation;
    last_ = effect == Tear::none ? first_ : effect == Tear::half ? first_ + 1 + seed % kMostInARow : UINT64_MAX;
    end_ = 0;
  }
  void fail_none() { first_ = UINT64_MAX; }
  uint64_t calls() const { return calls_; }
  /// The number of the first allocation of each size in bytes. Most allocations are numbers of the elliptic curve, and
  /// have few sizes.
  const std::map<size_t, uint64_t>& first_of_size() const { return first_of_size_; }

  /// Counts an allocation at a true time. @return whether it fails
  bool begin_call(size_t size, UnixMillis now) {
    first_of_size_.emplace(size, ++calls_);
    if (calls_ < first_ || calls_ > last_) return false;
    if (end_ == 0) end_ = now + kShortage;
    return last_ != UINT64_MAX || now < end_;
  }

 private:
  static constexpr uint32_t kMostInARow = 8;

  uint64_t calls_ = 0;
  uint64_t first_ = UINT64_MAX;
  uint64_t last_ = 0;
  UnixMillis end_ = 0;  ///< of a long shortage; 0: it has not begun
  std::map<size_t, uint64_t> first_of_size_;
};

}  // namespace pb::powercut
