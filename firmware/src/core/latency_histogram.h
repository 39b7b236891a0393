#pragma once

#include "core/time.h"

namespace pb {

/// Durations in buckets whose limits double, so that a percentile is known up to a factor of two in 72 bytes.
class LatencyHistogram {
 public:
  /// Bucket 0 counts durations of 0 ms, bucket n durations from 2^(n-1) to below 2^n ms. The last bucket also counts
  /// all longer ones.
  static constexpr unsigned kBuckets = 16;

  void add(Millis duration) {
    unsigned bucket = 0;
    while (bucket + 1 < kBuckets && duration >> bucket != 0) ++bucket;
    ++counts_[bucket];
    ++count_;
    last_ = duration < UINT32_MAX ? static_cast<uint32_t>(duration) : UINT32_MAX;
  }
  uint32_t count() const { return count_; }
  /// The last duration in ms, 0 before the first.
  uint32_t last() const { return last_; }
  /// @param percent 1 to 100
  /// @return the upper limit in ms of the bucket that has the percentile; 0 if nothing was added
  uint32_t percentile(uint32_t percent) const {
    const uint64_t wanted = (uint64_t{count_} * percent + 99) / 100;
    uint64_t seen = 0;
    for (unsigned bucket = 0; bucket < kBuckets && wanted != 0; ++bucket) {
      seen += counts_[bucket];
      if (seen >= wanted) return bucket == 0 ? 0 : (1U << bucket) - 1;
    }
    return 0;
  }

 private:
  uint32_t counts_[kBuckets] = {};
  uint32_t count_ = 0;
  uint32_t last_ = 0;
};

}  // namespace pb
