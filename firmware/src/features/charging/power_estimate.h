#pragma once

#include "core/time.h"

namespace pb {

/// The power, from the time between S0 pulses. The loop reads a pulse up to a second late, so the time between pulses
/// is measured over a window that makes the error small.
class PowerEstimate {
 public:
  static constexpr Millis kWindow = 20'000;
  static constexpr uint64_t kMillisPerHour = 3'600'000;

  /// Restarts the measurement, because no current flows.
  void reset() { *this = PowerEstimate(); }

  void update(uint64_t energy_wh, Millis now) {
    if (known_ && energy_wh == last_wh_) return;
    if (!known_) {
      // The first reading may be anywhere between two pulses; the next pulse starts the measurement.
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

  /// In watts. Missing pulses limit the result: with more power the next pulse would have come.
  uint32_t watts(Millis now) const {
    if (!known_) return 0;
    uint64_t watts = watts_ != 0 ? watts_ : first_watts_;
    if (now > last_ && kMillisPerHour / (now - last_) < watts) watts = kMillisPerHour / (now - last_);
    return static_cast<uint32_t>(watts < UINT32_MAX ? watts : UINT32_MAX);
  }

 private:
  bool seen_ = false;   // there is a reading
  bool known_ = false;  // there is a pulse to measure from
  uint64_t last_wh_ = 0;
  Millis last_ = 0;
  uint64_t from_wh_ = 0;
  Millis from_ = 0;
  uint64_t watts_ = 0;        // over the last complete window
  uint64_t first_watts_ = 0;  // the power until there is a complete window
};

}  // namespace pb
