#pragma once

#include "features/config/settings.h"
#include "features/transactions/transactions.h"

namespace pb {

/// Takes samples when they are due: at MeterValueSampleInterval in a transaction, and at the wall-clock boundaries of
/// ClockAlignedDataInterval, with and without a transaction.
class Metering {
 public:
  Metering(Transactions& transactions, const Settings& settings) : transactions_(transactions), settings_(settings) {}

  /// A transaction has begun, or continues after a power failure: MeterValueSampleInterval starts here.
  void start(Millis now);
  /// The transaction has ended.
  void stop();
  /// Adds a reading to the StopTransaction (Transaction.Begin, Transaction.End).
  void keep(const MeterReading& reading, ReadingContext context, Millis now);
  /// Takes a sample outside the intervals (Interruption.Begin, Interruption.End, Trigger).
  void sample(const MeterReading& reading, ReadingContext context, Millis now);

  /// Takes the samples that are due. @return the time of the next one.
  Millis poll(const MeterReading& reading, Millis now);

 private:
  Millis interval() const { return Millis{1000} * settings_.meter_value_sample_interval_s; }
  void sample_aligned(const MeterReading& reading, Millis now);
  Millis next_boundary(Millis now) const;

  Transactions& transactions_;
  const Settings& settings_;
  bool running_ = false;
  Millis last_ = 0;             // time of the last sample, or of the start
  int64_t aligned_period_ = 0;  // period of the last aligned sample; 0: none yet
  uint32_t aligned_interval_s_ = 0;
};

}  // namespace pb
