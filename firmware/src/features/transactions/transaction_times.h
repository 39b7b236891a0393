#pragma once

#include "features/time_sync/time_sync.h"
#include "features/transactions/meter_sample.h"

namespace pb {

/// The times of transaction messages: stamped at the event, converted to wall time later.
class TransactionTimes {
 public:
  /// @param boot a number that is unique to this boot
  TransactionTimes(const TimeSync& time, uint32_t boot) : time_(time), boot_(boot) {}

  Stamp stamp(Millis now) const {
    // The stamp has some time, so the message can be sent: after a power cut the message is resent unchanged.
    const TimeQuality quality = time_.quality();
    return {boot_, now, quality == TimeQuality::none ? 0 : time_.at(now), quality == TimeQuality::csms};
  }
  /// Sets a stamp of this boot to the time from the CSMS. Until the CSMS has sent the time, uses the time of the time
  /// server. @return whether the stamp has changed, or its time comes from the CSMS
  bool correct(Stamp& stamp) const {
    if (stamp.from_csms || stamp.boot != boot_ || !time_.is_current()) return false;
    const UnixMillis before = stamp.wall_ms;
    stamp.wall_ms = time_.at(stamp.at);
    stamp.from_csms = time_.quality() == TimeQuality::csms;
    return stamp.from_csms || stamp.wall_ms != before;
  }
  /// Gives a stamp its final wall time before its message is first sent, so that a later change of the clock does not
  /// change a resent message.
  /// @return whether the wall time has changed.
  bool settle(Stamp& stamp) const {
    const UnixMillis before = stamp.wall_ms;
    if (!correct(stamp) && stamp.wall_ms == 0) {
      // The boot of the stamp never got the time. If it was an earlier boot, the stamp is not later than the start of
      // this boot.
      stamp.wall_ms = time_.at(stamp.boot == boot_ ? stamp.at : 0);
    }
    return stamp.wall_ms != before;
  }
  /// Calculates the time from a stamp to this boot, in ms. @return false without time from the CSMS on both sides.
  bool before_boot(const Stamp& stamp, Millis& duration) const {
    if (time_.quality() != TimeQuality::csms || !stamp.from_csms) return false;
    const UnixMillis away = time_.at(0) - stamp.wall_ms;
    duration = away > 0 ? static_cast<Millis>(away) : 0;
    return true;
  }
  /// Whether messages may be sent: none is sent with a time of 1970.
  bool known() const { return time_.quality() != TimeQuality::none; }
  /// Whether no better time can come. Until then a message that is not sent keeps a time that can be corrected.
  bool is_final() const { return time_.quality() == TimeQuality::csms; }
  const TimeSync& time() const { return time_; }

 private:
  const TimeSync& time_;
  uint32_t boot_;
};

}  // namespace pb
