#pragma once

#include "features/storage/storage.h"
#include "features/time_sync/date_time.h"
#include "port/clock.h"
#include "runtime/feature.h"

namespace pb {

/// How far wall time is to be trusted, the least first.
enum class TimeQuality : uint8_t {
  none,        ///< never heard of: counts from 1970
  last_known,  ///< as stored before the restart: it was at least that late
  csms,        ///< the CSMS told it since the start
};

Text name_of(TimeQuality quality);

/// Wall time: the monotonic clock plus an offset, and how good that is. Durations are measured by the monotonic clock,
/// not by this one, which may step; but for how long the power was gone, which no other clock sees. The time last known
/// is kept in the storage, so that a restart without network does not fall back to 1970.
class TimeSync final : public Feature {
 public:
  static constexpr Text kFile = "last_time";
  /// 2020-01-01: no time is earlier than this firmware. A CSMS without a clock tells 1970, or the year 1.
  static constexpr UnixMillis kEarliest = 1'577'836'800'000;
  /// How often the time is stored: a restart loses that much at most, and flash sees 24 small writes a day.
  static constexpr Millis kSaveInterval = 3'600'000;

  TimeSync(const Clock& clock, Storage& storage) : clock_(clock), storage_(storage) {}

  /// Takes the time stored before the restart, at start-up.
  void restore();
  /// The CSMS told the time (currentTime of BootNotification.conf and Heartbeat.conf).
  /// @return false, with the time kept, when it is before kEarliest.
  bool set_from_csms(UnixMillis time);

  UnixMillis now() const { return at(clock_.now()); }
  /// Wall time at a moment of the monotonic clock, by what is known now.
  UnixMillis at(Millis moment) const { return offset_ + static_cast<UnixMillis>(moment); }
  Timestamp timestamp() const { return format_timestamp(now()); }
  TimeQuality quality() const { return quality_; }

  const char* name() const override { return "time_sync"; }
  Millis poll(Millis now) override;

 private:
  const Clock& clock_;
  Storage& storage_;
  UnixMillis offset_ = 0;
  TimeQuality quality_ = TimeQuality::none;
  Millis next_save_ = kNever;
};

}  // namespace pb
