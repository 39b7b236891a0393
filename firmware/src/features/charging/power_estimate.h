#pragma once

#include "core/time.h"

namespace pb {

/// The power that flows, by the time between S0 pulses. The loop sees a pulse up to a second late, so the time between
/// pulses is taken over a window that makes that small.
class PowerEstimate {
 public:
  static constexpr Millis kWindow = 20'000;
  static constexpr uint64_t kMillisPerHour = 3'600'000;

  /// Nothing flows: what comes next is not measured from here.
  void reset() { *this = PowerEstimate(); }

  void update(uint64_t energy_wh, Millis now) {
    if (known_ && energy_wh == last_wh_) return;
    if (!known_) {
      // The first reading may lie anywhere between two pulses; the pulse after it begins the measurement.
      if (seen_ && energy_wh != last_wh_) {
        known_ = true;
        from_wh_ = energy_wh;
        from_ = now;
      }
      seen_ = true;
    } else if (now - from_ >= kWindow) {
      watts_ = (energy_wh - from_wh_) * kMillisPerHour / (now - from_);
      from_wh_ = energy_wh;
      from_ = now;
    } else if (watts_ == 0 && now > from_) {
      first_watts_ = (energy_wh - from_wh_) * kMillisPerHour / (now - from_);
    }
    last_wh_ = energy_wh;
    last_ = now;
  }

  /// In watts. Pulses that stay away bound it: one more would have come by now at a higher power.
  uint32_t watts(Millis now) const {
    if (!known_) return 0;
    uint64_t watts = watts_ != 0 ? watts_ : first_watts_;
    if (now > last_ && kMillisPerHour / (now - last_) < watts) watts = kMillisPerHour / (now - last_);
    return static_cast<uint32_t>(watts < UINT32_MAX ? watts : UINT32_MAX);
  }

 private:
  bool seen_ = false;   // a reading
  bool known_ = false;  // a pulse to measure from
  uint64_t last_wh_ = 0;
  Millis last_ = 0;
  uint64_t from_wh_ = 0;
  Millis from_ = 0;
  uint64_t watts_ = 0;        // over the last whole window
  uint64_t first_watts_ = 0;  // until there is one
};

}  // namespace pb
