#include "features/charging/metering.h"

namespace pb {

void Metering::start(Millis now) {
  running_ = true;
  last_ = now;
}

void Metering::stop() { running_ = false; }

void Metering::keep(const MeterReading& reading, ReadingContext context, Millis now) {
  transactions_.keep_for_stop(reading, context, settings_.stop_txn_sampled_data, now);
}

void Metering::sample(const MeterReading& reading, ReadingContext context, Millis now) {
  transactions_.sample(reading, context, settings_.meter_values_sampled_data, now);
}

Millis Metering::poll(const MeterReading& reading, Millis now) {
  // OCPP 1.6 section 9.1, MeterValueSampleInterval: an interval of 0 means no samples.
  if (running_ && interval() != 0 && now - last_ >= interval()) {
    sample(reading, ReadingContext::sample_periodic, now);
    keep(reading, ReadingContext::sample_periodic, now);
    // After a delay the next sample is again a whole number of intervals after the start. Missed samples are not taken
    // later.
    last_ += (now - last_) / interval() * interval();
  }
  sample_aligned(reading, now);
  return earlier(running_ && interval() != 0 ? last_ + interval() : kNever, next_boundary(now));
}

/// OCPP 1.6 section 9.1, ClockAlignedDataInterval: boundaries are counted from midnight UTC.
void Metering::sample_aligned(const MeterReading& reading, Millis now) {
  const uint32_t interval_s = settings_.clock_aligned_data_interval_s;
  if (interval_s == 0 || !transactions_.time().is_current()) {
    aligned_interval_s_ = 0;
    return;
  }
  const UnixMillis wall = transactions_.time().at(now);
  const UnixMillis midnight = wall - wall % kMillisPerDay;
  const int64_t length = int64_t{1000} * interval_s;
  const int64_t period = midnight + (wall - midnight) / length * length;
  const bool known = aligned_interval_s_ == interval_s;
  const bool passed = known && period > aligned_period_;
  aligned_interval_s_ = interval_s;
  // If the clock is set back a little, a boundary that has passed is not sampled again.
  if (!known || passed || aligned_period_ - period > length) aligned_period_ = period;
  if (!passed) return;
  transactions_.sample(reading, ReadingContext::sample_clock, settings_.meter_values_aligned_data, now);
  transactions_.keep_for_stop(reading, ReadingContext::sample_clock, settings_.stop_txn_aligned_data, now);
}

Millis Metering::next_boundary(Millis now) const {
  if (aligned_interval_s_ == 0) return kNever;
  const UnixMillis wall = transactions_.time().at(now);
  UnixMillis next = aligned_period_ + int64_t{1000} * aligned_interval_s_;
  const UnixMillis midnight = aligned_period_ - aligned_period_ % kMillisPerDay + kMillisPerDay;
  if (next > midnight) next = midnight;
  return next > wall ? now + static_cast<Millis>(next - wall) : now + 1;
}

}  // namespace pb
