#pragma once

#include "features/storage/storage.h"
#include "features/time_sync/date_time.h"
#include "port/clock.h"
#include "runtime/feature.h"

namespace pb {

/// The quality of wall time, from the lowest.
enum class TimeQuality : uint8_t {
  none,        ///< no source yet: counts from 1970
  last_known,  ///< stored before the restart; the real time is later
  sntp,        ///< received from the time server since the start; nothing authenticates it
  csms,        ///< received from the CSMS since the start
};

Text name_of(TimeQuality quality);

/// The use of a time that the time server has sent.
enum class ServerTime : uint8_t {
  used,
  not_needed,  ///< the CSMS has sent the time
  unusable,    ///< before TimeSync::kEarliest or after kLatest
  too_early,   ///< more than a minute before a time that the CSMS has sent, perhaps in an earlier boot
};

/// Wall time, as the monotonic clock plus an offset, with its quality. It may step, so durations are measured by the
/// monotonic clock, except for the time without power, which no other clock covers. The last known time is stored, so
/// that a restart without network does not fall back to 1970.
class TimeSync final : public Feature {
 public:
  /// The latest time of the CSMS, and of the time server if the CSMS has sent none since.
  static constexpr Text kFile = "last_time";
  static constexpr Text kServerFile = "server_time";
  /// 2020-01-01, before this firmware existed. A CSMS without a valid clock sends 1970, or the year 1.
  static constexpr UnixMillis kEarliest = 1'577'836'800'000;
  /// 2100-01-01. A later time is an error of its source. The timestamps of an open transaction never go back, so all of
  /// them would be as late.
  static constexpr UnixMillis kLatest = 4'102'444'800'000;
  /// The interval of storing the time, and therefore the longest time that a restart loses. It takes 24 small writes to
  /// flash a day.
  static constexpr Millis kSaveInterval = 3'600'000;
  /// The difference up to which the times of CSMS and time server count as equal.
  static constexpr UnixMillis kTolerance = 60'000;

  TimeSync(const Clock& clock, Storage& storage) : clock_(clock), storage_(storage) {}

  /// Restores the time stored before the restart. Call it at start-up.
  void restore();
  /// Continues from `time`, if that is later than the stored time. The time is stored only once an hour, so without
  /// this call the clock could repeat times that messages of the last boot already have. Call it at start-up; a time
  /// from the CSMS or an unusable time has priority.
  void advance_to(UnixMillis time);
  /// Whether a time may be the present one: from kEarliest to kLatest.
  static bool is_usable(UnixMillis time) { return time >= kEarliest && time <= kLatest; }
  /// Sets the time that the CSMS sent (currentTime of BootNotification.conf and Heartbeat.conf).
  /// @return false, with the time unchanged, when it is not usable.
  bool set_from_csms(UnixMillis time);
  /// Sets the time that the time server has sent, unless the CSMS has sent one since the start.
  /// @param moment the moment of the monotonic clock at which it was received
  ServerTime set_from_server(UnixMillis time, Millis moment);
  /// The time server is replaced or switched off: its time goes on as a last known one, until a source sends another.
  void distrust_server();

  UnixMillis now() const { return at(clock_.now()); }
  /// Returns wall time at a moment of the monotonic clock, by the present offset.
  UnixMillis at(Millis moment) const { return offset_ + static_cast<UnixMillis>(moment); }
  Timestamp timestamp() const { return format_timestamp(now()); }
  TimeQuality quality() const { return quality_; }
  /// Whether a source has sent the time since the start, so that the time includes the duration without power.
  bool is_current() const { return quality_ >= TimeQuality::sntp; }
  /// Returns a lower limit of the real time. A time that the time server has sent before the start does not count: a
  /// wrong one would reject every later time of the server, and every certificate.
  UnixMillis not_before() const;

  const char* name() const override { return "time_sync"; }
  Millis poll(Millis now) override;

 private:
  UnixMillis read(Text file) const;
  void save_soon(TimeQuality quality);

  const Clock& clock_;
  Storage& storage_;
  UnixMillis offset_ = 0;
  UnixMillis floor_ = 0;  ///< the stored time of the CSMS, at the moment 0 of the clock; 0: none
  TimeQuality quality_ = TimeQuality::none;
  bool has_server_file_ = false;
  Millis next_save_ = kNever;
};

}  // namespace pb
