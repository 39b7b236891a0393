#pragma once

#include "core/span.h"
#include "features/storage/file_header.h"
#include "features/transactions/meter_sample.h"
#include "features/transactions/transaction_times.h"

namespace pb {

/// Samples that follow each other, packed into one small file: 16 bytes a sample. A file of at most 512 bytes lives
/// inside a directory of littlefs, so that adding a sample is one commit and no block of its own.
class MeterBatch {
 public:
  static constexpr size_t kMaxSamples = 28;
  static constexpr size_t kHeader = 48;
  static constexpr size_t kSampleSize = 16;
  static constexpr size_t kMaxEncoded = kHeader + kMaxSamples * kSampleSize;
  static_assert(kMaxEncoded + FileHeader::kSize <= 512, "larger files do not live inside the directory");

  uint32_t sequence = 0;     // order of sending; never used twice
  uint32_t nonce = 0;        // as in Record
  uint32_t transaction = 0;  // our own number; 0 outside of transactions
  /// Nominal voltage by which Current.Import and Voltage are told; 0 in files of the firmware that did not keep it.
  uint16_t voltage_v = 0;
  /// Packs the distance from the first sample in seconds: for 68 years instead of 24 days. Wall times stay exact.
  bool in_seconds = false;

  size_t count() const { return count_; }
  bool full() const { return count_ == kMaxSamples; }
  const MeterSample& operator[](size_t index) const { return samples_[index]; }
  const MeterSample& last() const { return samples_[count_ - 1]; }

  /// @return false when it is full, or the sample lies too far from the first one to be packed with it: another boot,
  /// 24 days, or a clock that has been set.
  bool append(const MeterSample& sample);
  /// Whether append() would take it.
  bool takes(const MeterSample& sample) const;
  /// Gives all samples the wall time that follows from a later stamp of the same boot, where that knows it.
  void tell_time(const Stamp& later);
  /// Gives the samples from `first` on their final wall time. @return whether that changed one.
  bool settle(size_t first, const TransactionTimes& times);
  /// Forgets every second sample; the first `kept` stay.
  void halve(size_t kept);
  /// Forgets every second sample; the last stays. @return false when those that are left lie too far apart for one
  /// batch: then the content is of no more use.
  bool thin_out();
  /// Makes it an empty batch, without another one on the stack.
  void clear() {
    sequence = nonce = transaction = 0;
    voltage_v = 0;
    in_seconds = false;
    count_ = 0;
  }

  /// @return the content of the file, in `into`.
  Bytes encode(MutableBytes into) const;
  /// @return false when the content is damaged or something else.
  bool decode(Bytes content);

 private:
  Millis unit() const { return in_seconds ? 1000 : 1; }

  size_t count_ = 0;
  MeterSample samples_[kMaxSamples];
};

}  // namespace pb
