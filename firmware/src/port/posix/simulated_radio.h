#pragma once

#include <deque>
#include <string>
#include <vector>

#include "core/time.h"
#include "port/station/station.h"

namespace pb::posix {

/// The radio of a station and the access points in range, as the board has described them (docs/virtual-board.md). It
/// reports events as the driver of ESP-IDF does; the board can have it lose, repeat or delay the event of a lost link.
class SimulatedRadio final : public StationDriver {
 public:
  /// The minimum duration of a scan of all channels on the chip.
  static constexpr Millis kScan = 100;

  struct AccessPoint {
    std::string ssid;
    std::string psk;  ///< empty: open
    int8_t rssi = 0;
    uint8_t channel = 0;
  };
  enum class LeftEvents : uint8_t { normal, lost, twice };
  struct Event {
    StationEvent kind;
    uint16_t reason = 0;
    Millis at = 0;
  };

  // -- the board's side
  /// Switches all access points on or off.
  void switch_air(bool on, Millis associate_ms, Millis dhcp_ms, Millis now);
  /// Puts an access point on the air, or replaces the one of that number. Without any, every name can be joined.
  void put(size_t number, AccessPoint access_point, Millis now);
  void remove(size_t number, Millis now);
  /// Lets each attempt fail with that reason; 0 ends it.
  void refuse(uint16_t reason) { refusal_ = reason; }
  /// Ends the present association with that reason.
  void kick(uint16_t reason, Millis now);
  void set_left_events(LeftEvents kind, Millis delay) {
    left_events_ = kind;
    left_delay_ = delay;
  }
  /// Withdraws the address of the station and gives no other one, or gives addresses again.
  void set_leases(bool given, Millis now);
  /// Lets attempts fail until the station has been silent for that time: the access point believes that it is still
  /// joined.
  void require_silence(Millis duration) { silence_ = duration; }

  // -- the station's side
  /// The network of the next attempt.
  void prepare(Text ssid, Text psk) {
    ssid_.assign(ssid.data, ssid.length);
    psk_.assign(psk.data, psk.length);
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
  /// For connect() and disconnect(), which have no argument.
  void set_time(Millis now) { now_ = now; }

 private:
  const AccessPoint* find() const;
  void advance(Millis now);
  void end_attempt();
  void left(uint16_t reason);
  void push(StationEvent kind, uint16_t reason, Millis at);

  bool is_on_air_ = false;
  Millis associate_ms_ = 0;
  Millis dhcp_ms_ = 0;
  std::vector<AccessPoint> access_points_;  ///< by number; one without a name is not there
  uint16_t refusal_ = 0;
  LeftEvents left_events_ = LeftEvents::normal;
  Millis left_delay_ = 0;
  bool gives_leases_ = true;
  Millis silence_ = 0;
  Millis silent_since_ = 0;

  std::string ssid_;
  std::string psk_;
  Millis now_ = 0;
  bool is_joining_ = false;
  bool is_joined_ = false;
  bool has_address_ = false;
  Millis step_ = kNever;  ///< end of the attempt, or of DHCP
  ScanState scan_ = ScanState::none;
  Millis scan_end_ = kNever;
  std::deque<Event> events_;  ///< by time
};

}  // namespace pb::posix
