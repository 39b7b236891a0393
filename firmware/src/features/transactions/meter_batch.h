#pragma once

#include "core/span.h"
#include "features/storage/file_header.h"
#include "features/transactions/meter_sample.h"
#include "features/transactions/transaction_times.h"

namespace pb {

/// Consecutive samples, packed into one small file with 16 bytes per sample. littlefs stores a file of at most 512
/// bytes inside its directory, so adding a sample is one commit and needs no block.
class MeterBatch {
 public:
  static constexpr size_t kMaxSamples = 28;
  static constexpr size_t kHeader = 48;
  static constexpr size_t kSampleSize = 16;
  static constexpr size_t kMaxEncoded = kHeader + kMaxSamples * kSampleSize;
  static_assert(kMaxEncoded + FileHeader::kSize <= 512, "littlefs does not store larger files inside the directory");

  uint32_t sequence = 0;     // order of sending; never reused
  uint32_t nonce = 0;        // the same as in Record
  uint32_t transaction = 0;  // the device's number; 0 outside of transactions
  /// Nominal voltage for Current.Import and Voltage; 0 in files of earlier versions, which did not store it.
  uint16_t voltage_v = 0;
  /// Packs times since the first sample in seconds: up to 68 years instead of 24 days. Wall times stay exact.
  bool in_seconds = false;

  size_t count() const { return count_; }
  bool full() const { return count_ == kMaxSamples; }
  const MeterSample& operator[](size_t index) const { return samples_[index]; }
  const MeterSample& last() const { return samples_[count_ - 1]; }

  /// @return false when the batch is full, or the sample cannot be packed relative to the first one: another boot, more
  /// than 24 days, or a clock that was set.
  bool append(const MeterSample& sample);
  /// Whether append() would accept the sample.
  bool takes(const MeterSample& sample) const;
  /// Derives the wall time of all samples from a later stamp of the same boot, if that stamp has a wall time.
  void set_wall_time(const Stamp& later);
  /// Gives the samples from index `first` their final wall time. @return whether a time has changed.
  bool settle(size_t first, const TransactionTimes& times);
  /// Drops every second sample; the first `kept` stay.
  void halve(size_t kept);
  /// Drops every second sample; the last stays. @return false when the remaining ones do not fit into one batch; then
  /// the content is unusable.
  bool thin_out();
  /// Empties the batch in place: assigning an empty batch would need a second batch on the stack.
  void clear() {
    sequence = nonce = transaction = 0;
    voltage_v = 0;
    in_seconds = false;
    count_ = 0;
  }

  /// @return the content of the file, in `into`.
  Bytes encode(MutableBytes into) const;
  /// @return false when the content is damaged or of another format.
  bool decode(Bytes content);

 private:
  Millis unit() const { return in_seconds ? 1000 : 1; }

  size_t count_ = 0;
  MeterSample samples_[kMaxSamples];
};

}  // namespace pb
