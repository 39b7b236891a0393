#pragma once

#include "features/time_sync/time_sync.h"
#include "features/transactions/meter_sample.h"

namespace pb {

/// The times of transaction messages: stamped when something happens, worked out when it is told.
class TransactionTimes {
 public:
  /// @param boot a number that no other boot has
  TransactionTimes(const TimeSync& time, uint32_t boot) : time_(time), boot_(boot) {}

  Stamp stamp(Millis now) const {
    // Whatever time a message may go out with is kept: sent again after a cut, it must say the same.
    const TimeQuality quality = time_.quality();
    return {boot_, now, quality == TimeQuality::none ? 0 : time_.at(now), quality == TimeQuality::csms};
  }
  /// Gives a stamp of this boot the CSMS' time, once it is known. @return whether that was new.
  bool put_right(Stamp& stamp) const {
    if (stamp.from_csms || stamp.boot != boot_ || time_.quality() != TimeQuality::csms) return false;
    stamp.wall_ms = time_.at(stamp.at);
    return stamp.from_csms = true;
  }
  /// Gives a stamp its final wall time, before its message is sent for the first time: what is sent again must say the
  /// same, whatever the clock says then. @return whether that changed it.
  bool settle(Stamp& stamp) const {
    const UnixMillis before = stamp.wall_ms;
    if (!put_right(stamp) && stamp.wall_ms == 0) {
      // Of a boot that never heard the time: it was before this one.
      stamp.wall_ms = time_.at(stamp.boot == boot_ ? stamp.at : 0);
    }
    return stamp.wall_ms != before;
  }
  /// How long before this boot something was. @return false while that cannot be told: by the CSMS' time only.
  bool before_boot(const Stamp& stamp, Millis& duration) const {
    if (time_.quality() != TimeQuality::csms || !stamp.from_csms) return false;
    const UnixMillis away = time_.at(0) - stamp.wall_ms;
    duration = away > 0 ? static_cast<Millis>(away) : 0;
    return true;
  }
  /// Whether a message may be told with what is known of the time: none goes out with a time of 1970.
  bool known() const { return time_.quality() != TimeQuality::none; }
  const TimeSync& time() const { return time_; }

 private:
  const TimeSync& time_;
  uint32_t boot_;
};

}  // namespace pb
