#include "port/posix/simulated_radio.h"

namespace pb::posix {

namespace {

/// The signal if the board has described no access point: a charger in the garage, the access point in the house.
constexpr int8_t kRssi = -58;
constexpr uint8_t kChannel = 6;
constexpr uint8_t kAddress[4] = {192, 168, 4, 2};

/// A locally administered address that contains the number of the access point.
void write_bssid(size_t number, uint8_t (&bssid)[6]) {
  const uint8_t bytes[6] = {0x02, 0x50, 0x42, 0x00, 0x00, static_cast<uint8_t>(number)};
  memcpy(bssid, bytes, sizeof bssid);
}

}  // namespace

// -- the board's side -------------------------------------------------------------------------------------------------

void SimulatedRadio::switch_air(bool on, Millis associate_ms, Millis dhcp_ms, Millis now) {
  advance(now);
  is_on_air_ = on;
  associate_ms_ = associate_ms;
  dhcp_ms_ = dhcp_ms;
  if (!on && is_joined_) left(Network::kReasonBeaconTimeout);
}

void SimulatedRadio::change(const RadioChange& change, Millis now) {
  advance(now);
  switch (change.kind) {
    case RadioChange::Kind::none:
      return;
    case RadioChange::Kind::access_point:
      access_points_[change.number] = change.access_point;
      if (is_joined_ && find() == nullptr) left(Network::kReasonBeaconTimeout);
      return;
    case RadioChange::Kind::refuse:
      refusal_ = change.reason;
      return;
    case RadioChange::Kind::kick:
      if (is_joined_) left(change.reason);
      return;
    case RadioChange::Kind::events:
      left_events_ = change.events;
      left_delay_ = change.duration;
      return;
    case RadioChange::Kind::leases:
      return set_leases(change.gives_leases);
    case RadioChange::Kind::silence:
      silence_ = change.duration;
      return;
  }
}

void SimulatedRadio::set_leases(bool given) {
  gives_leases_ = given;
  if (!given && has_address_) {
    has_address_ = false;
    push(StationEvent::lost_address, 0, now_);
  } else if (given && is_joined_ && !has_address_) {
    step_ = now_ + dhcp_ms_;
  }
}

// -- the station's side -----------------------------------------------------------------------------------------------

StationDriver::Connect SimulatedRadio::connect() {
  if (is_joining_ || is_joined_) return Connect::busy;
  is_joining_ = true;
  const bool is_found = is_on_air_ && find() != nullptr;
  step_ = now_ + (is_found || associate_ms_ > kScan ? associate_ms_ : kScan);
  return Connect::started;
}

bool SimulatedRadio::disconnect() {
  if (!is_joining_ && !is_joined_) return false;
  left(Network::kReasonLeave);
  return true;
}

LinkInfo SimulatedRadio::link() const {
  LinkInfo info;
  if (!is_joined_) return info;
  info.rssi = kRssi;
  info.channel = kChannel;
  size_t number = 0;
  if (const AccessPoint* access_point = find(); access_point != nullptr && is_described()) {
    info.rssi = access_point->rssi;
    info.channel = access_point->channel;
    number = static_cast<size_t>(access_point - access_points_);
  }
  write_bssid(number, info.bssid);
  if (has_address_) memcpy(info.address, kAddress, sizeof info.address);
  return info;
}

bool SimulatedRadio::start_scan(Millis now) {
  if (is_joining_ || scan_ == ScanState::running) return false;
  scan_ = ScanState::running;
  scan_end_ = now + kScan;
  return true;
}

size_t SimulatedRadio::take_scan(Span<FoundNetwork> into) const {
  bool is_taken[kMaxAccessPoints] = {};
  size_t count = 0;
  while (is_on_air_ && count < into.length) {
    size_t strongest = kMaxAccessPoints;
    for (size_t i = 0; i < kMaxAccessPoints; ++i) {
      if (is_taken[i] || access_points_[i].ssid.empty()) continue;
      if (strongest == kMaxAccessPoints || access_points_[i].rssi > access_points_[strongest].rssi) strongest = i;
    }
    if (strongest == kMaxAccessPoints) break;
    is_taken[strongest] = true;
    const AccessPoint& found = access_points_[strongest];
    FoundNetwork& network = into[count++];
    network.ssid = found.ssid;
    network.rssi = found.rssi;
    network.channel = found.channel;
    network.is_open = found.psk.empty();
    write_bssid(strongest, network.bssid);
  }
  return count;
}

bool SimulatedRadio::take_event(Millis now, Event& event) {
  advance(now);
  if (event_count_ == 0 || events_[0].at > now) return false;
  event = events_[0];
  --event_count_;
  for (size_t i = 0; i < event_count_; ++i) events_[i] = events_[i + 1];
  return true;
}

Millis SimulatedRadio::deadline() const {
  return earlier(earlier(step_, scan_end_), event_count_ == 0 ? kNever : events_[0].at);
}

// -- the association --------------------------------------------------------------------------------------------------

bool SimulatedRadio::is_described() const {
  for (const AccessPoint& access_point : access_points_) {
    if (!access_point.ssid.empty()) return true;
  }
  return false;
}

/// The access point of the attempt or association. If the board has described no access point, any one matches.
const AccessPoint* SimulatedRadio::find() const {
  if (!is_described()) return access_points_;
  for (const AccessPoint& access_point : access_points_) {
    if (!ssid_.empty() && access_point.ssid.text() == ssid_.text()) return &access_point;
  }
  return nullptr;
}

void SimulatedRadio::advance(Millis now) {
  if (now >= scan_end_) {
    scan_ = ScanState::done;
    scan_end_ = kNever;
  }
  while (now >= step_) {
    now_ = step_;
    if (is_joining_) {
      end_attempt();
    } else {
      step_ = kNever;
      if (!is_joined_ || !gives_leases_) continue;
      has_address_ = true;
      push(StationEvent::got_address, 0, now_);
    }
  }
  now_ = now;
}

void SimulatedRadio::end_attempt() {
  const AccessPoint* access_point = find();
  if (!is_on_air_ || access_point == nullptr) return left(Network::kReasonNoAccessPoint);
  const bool is_silent_enough = now_ - silent_since_ >= silence_;
  silent_since_ = now_;
  if (!is_silent_enough) return left(Network::kReasonAuthenticationExpired);
  if (refusal_ != 0) return left(refusal_);
  if (is_described() && access_point->psk.text() != psk_.text()) return left(Network::kReasonHandshakeTimeout);
  is_joining_ = false;
  is_joined_ = true;
  push(StationEvent::joined, 0, now_);
  step_ = now_ + dhcp_ms_;
}

/// Ends the attempt or the association.
void SimulatedRadio::left(uint16_t reason) {
  if (is_joined_) silent_since_ = now_;
  is_joining_ = is_joined_ = has_address_ = false;
  step_ = kNever;
  if (left_events_ == LeftEvents::lost) return;
  push(StationEvent::left, reason, now_ + left_delay_);
  if (left_events_ == LeftEvents::twice) push(StationEvent::left, reason, now_ + left_delay_);
}

void SimulatedRadio::push(StationEvent kind, uint16_t reason, Millis at) {
  if (event_count_ == kMaxEvents) return;
  size_t place = event_count_++;
  for (; place > 0 && events_[place - 1].at > at; --place) events_[place] = events_[place - 1];
  events_[place] = {kind, reason, at};
}

}  // namespace pb::posix
