#include "port/posix/simulated_radio.h"

#include <algorithm>

namespace pb::posix {

namespace {

/// The simulated signal without a description: a charger in the garage, the access point in the house.
constexpr int8_t kRssi = -58;
constexpr uint8_t kChannel = 6;

/// A locally administered address that names the number of the access point.
void write_bssid(size_t number, uint8_t (&bssid)[6]) {
  const uint8_t bytes[6] = {0x02, 0x50, 0x42, 0x00, 0x00, static_cast<uint8_t>(number)};
  std::copy(std::begin(bytes), std::end(bytes), bssid);
}

}  // namespace

void SimulatedRadio::switch_air(bool on, Millis associate_ms, Millis dhcp_ms, Millis now) {
  advance(now);
  is_on_air_ = on;
  associate_ms_ = associate_ms;
  dhcp_ms_ = dhcp_ms;
  if (!on && is_joined_) left(Network::kReasonBeaconTimeout);
}

void SimulatedRadio::put(size_t number, AccessPoint access_point, Millis now) {
  advance(now);
  if (access_points_.size() <= number) access_points_.resize(number + 1);
  access_points_[number] = std::move(access_point);
  if (is_joined_ && find() == nullptr) left(Network::kReasonBeaconTimeout);
}

void SimulatedRadio::remove(size_t number, Millis now) { put(number, {}, now); }

void SimulatedRadio::kick(uint16_t reason, Millis now) {
  advance(now);
  if (is_joined_) left(reason);
}

void SimulatedRadio::set_leases(bool given, Millis now) {
  advance(now);
  gives_leases_ = given;
  if (!given && has_address_) {
    has_address_ = false;
    push(StationEvent::lost_address, 0, now);
  } else if (given && is_joined_ && !has_address_) {
    step_ = now + dhcp_ms_;
  }
}

StationDriver::Connect SimulatedRadio::connect() {
  if (is_joining_ || is_joined_) return Connect::busy;
  is_joining_ = true;
  step_ = now_ + (is_on_air_ && find() != nullptr ? associate_ms_ : std::max(associate_ms_, kScan));
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
  if (const AccessPoint* access_point = find(); access_point != nullptr && !access_points_.empty()) {
    info.rssi = access_point->rssi;
    info.channel = access_point->channel;
    number = static_cast<size_t>(access_point - access_points_.data());
  }
  write_bssid(number, info.bssid);
  if (has_address_) {
    const uint8_t address[4] = {192, 168, 4, 2};
    std::copy(std::begin(address), std::end(address), info.address);
  }
  return info;
}

bool SimulatedRadio::start_scan(Millis now) {
  if (is_joining_ || scan_ == ScanState::running) return false;
  scan_ = ScanState::running;
  scan_end_ = now + kScan;
  return true;
}

size_t SimulatedRadio::take_scan(Span<FoundNetwork> into) const {
  std::vector<size_t> numbers;
  for (size_t i = 0; i < access_points_.size() && is_on_air_; ++i) {
    if (!access_points_[i].ssid.empty()) numbers.push_back(i);
  }
  std::stable_sort(numbers.begin(), numbers.end(),
                   [this](size_t a, size_t b) { return access_points_[a].rssi > access_points_[b].rssi; });
  const size_t count = std::min(numbers.size(), into.length);
  for (size_t i = 0; i < count; ++i) {
    const AccessPoint& access_point = access_points_[numbers[i]];
    into[i].ssid.assign({access_point.ssid.data(), access_point.ssid.size()});
    into[i].rssi = access_point.rssi;
    into[i].channel = access_point.channel;
    into[i].is_open = access_point.psk.empty();
    write_bssid(numbers[i], into[i].bssid);
  }
  return count;
}

bool SimulatedRadio::take_event(Millis now, Event& event) {
  advance(now);
  if (events_.empty() || events_.front().at > now) return false;
  event = events_.front();
  events_.pop_front();
  return true;
}

Millis SimulatedRadio::deadline() const {
  return earlier(earlier(step_, scan_end_), events_.empty() ? kNever : events_.front().at);
}

/// The access point of the attempt or association; without a description, any.
const SimulatedRadio::AccessPoint* SimulatedRadio::find() const {
  static const AccessPoint any;
  if (access_points_.empty()) return &any;
  const auto found =
      std::find_if(access_points_.begin(), access_points_.end(),
                   [this](const AccessPoint& access_point) { return !ssid_.empty() && access_point.ssid == ssid_; });
  return found == access_points_.end() ? nullptr : &*found;
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
  if (!access_points_.empty() && access_point->psk != psk_) return left(Network::kReasonHandshakeTimeout);
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
  const auto later = std::find_if(events_.begin(), events_.end(), [at](const Event& event) { return event.at > at; });
  events_.insert(later, {kind, reason, at});
}

}  // namespace pb::posix
