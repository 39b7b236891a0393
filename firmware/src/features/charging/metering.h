#pragma once

#include "features/config/settings.h"
#include "features/transactions/transactions.h"

namespace pb {

/// Takes samples when they are due: at MeterValueSampleInterval while a transaction runs, and on the boundaries of wall
/// time that ClockAlignedDataInterval gives, with and without a transaction.
class Metering {
 public:
  Metering(Transactions& transactions, const Settings& settings) : transactions_(transactions), settings_(settings) {}

  /// A transaction has begun, or goes on after a power failure: its samples are counted from here.
  void start(Millis now);
  /// It has ended.
  void stop();
  /// Keeps a reading for the StopTransaction (Transaction.Begin, Transaction.End).
  void keep(const MeterReading& reading, ReadingContext context, Millis now);
  /// A sample out of the rhythm (Interruption.Begin, Interruption.End, Trigger).
  void sample(const MeterReading& reading, ReadingContext context, Millis now);

  /// Takes what is due. @return when the next sample is.
  Millis poll(const MeterReading& reading, Millis now);

 private:
  Millis interval() const { return Millis{1000} * settings_.meter_value_sample_interval_s; }
  void sample_aligned(const MeterReading& reading, Millis now);
  Millis next_boundary(Millis now) const;

  Transactions& transactions_;
  const Settings& settings_;
  bool running_ = false;
  Millis last_ = 0;             // the sample before, or the start
  int64_t aligned_period_ = 0;  // the one that the last aligned sample began; 0 for none yet
  uint32_t aligned_interval_s_ = 0;
};

}  // namespace pb
