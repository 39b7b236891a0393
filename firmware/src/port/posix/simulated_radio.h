#pragma once

#include "core/time.h"
#include "port/station/station.h"

namespace pb::posix {

/// An access point in range.
struct AccessPoint {
  FixedText<32> ssid;  ///< empty: there is none
  FixedText<64> psk;   ///< empty: open
  int8_t rssi = 0;
  uint8_t channel = 0;
};

/// How a lost association or a failed attempt is reported: once, never, or twice.
enum class LeftEvents : uint8_t { normal, lost, twice };

/// A message of the board about the radio (docs/virtual-board.md).
struct RadioChange {
  enum class Kind : uint8_t { none, access_point, refuse, kick, events, leases, silence };
  Kind kind = Kind::none;
  size_t number = 0;         ///< the number of `access_point`
  AccessPoint access_point;  ///< off the air without a name
  uint16_t reason = 0;       ///< the reason of `refuse` and `kick`
  LeftEvents events = LeftEvents::normal;
  bool gives_leases = true;
  Millis duration = 0;  ///< the delay for `events`; the pause that `silence` requires before an attempt
};

/// The radio of a station and the access points in range, as the board has described them (docs/virtual-board.md). It
/// reports events as the driver of ESP-IDF does; the board can make it lose, repeat or delay the event of a lost link.
class SimulatedRadio final : public StationDriver {
 public:
  /// The minimum duration of a scan of all channels on the chip.
  static constexpr Millis kScan = 100;
  static constexpr size_t kMaxAccessPoints = 16;

  struct Event {
    StationEvent kind = StationEvent::started;
    uint16_t reason = 0;
    Millis at = 0;
  };

  // -- the board's side
  /// Switches all access points on or off.
  void switch_air(bool on, Millis associate_ms, Millis dhcp_ms, Millis now);
  /// Applies a message of the board. If the board has described no access point, every name can be joined.
  void change(const RadioChange& change, Millis now);

  // -- the station's side
  /// The network of the next attempt.
  void prepare(Text ssid, Text psk) {
    ssid_.assign(ssid);
    psk_.assign(psk);
  }
  Connect connect() override;
  bool disconnect() override;
  bool is_joined() const override { return is_joined_; }
  bool has_address() const { return has_address_; }
  LinkInfo link() const;
  bool start_scan(Millis now);
  ScanState scan_state() const { return scan_; }
  size_t take_scan(Span<FoundNetwork> into) const;

  /// Advances to `now`, in steps. @return false when there is no event to handle now
  bool take_event(Millis now, Event& event);
  /// The time of the next step or event.
  Millis deadline() const;

 private:
  /// More are never in flight: each needs a change of the association.
  static constexpr size_t kMaxEvents = 32;

  const AccessPoint* find() const;
  bool is_described() const;
  void set_leases(bool given);
  void advance(Millis now);
  void end_attempt();
  void left(uint16_t reason);
  void push(StationEvent kind, uint16_t reason, Millis at);

  bool is_on_air_ = false;
  Millis associate_ms_ = 0;
  Millis dhcp_ms_ = 0;
  AccessPoint access_points_[kMaxAccessPoints];
  uint16_t refusal_ = 0;
  LeftEvents left_events_ = LeftEvents::normal;
  Millis left_delay_ = 0;
  bool gives_leases_ = true;
  Millis silence_ = 0;
  Millis silent_since_ = 0;

  FixedText<32> ssid_;
  FixedText<64> psk_;
  Millis now_ = 0;
  bool is_joining_ = false;
  bool is_joined_ = false;
  bool has_address_ = false;
  Millis step_ = kNever;  ///< end of the attempt, or of DHCP
  ScanState scan_ = ScanState::none;
  Millis scan_end_ = kNever;
  Event events_[kMaxEvents];  ///< sorted by time
  size_t event_count_ = 0;
};

}  // namespace pb::posix
