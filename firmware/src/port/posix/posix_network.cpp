#include "port/posix/posix_network.h"

namespace pb::posix {

void PosixNetwork::set_access_point(bool up, Millis associate_ms, Millis dhcp_ms) {
  const std::lock_guard lock(mutex_);
  radio_.switch_air(up, associate_ms, dhcp_ms, clock_.now());
  waker_.wake();
}

void PosixNetwork::change_radio(const RadioChange& change) {
  const std::lock_guard lock(mutex_);
  radio_.change(change, clock_.now());
  waker_.wake();
}

bool PosixNetwork::link_up() {
  const std::lock_guard lock(mutex_);
  advance();
  return radio_.has_address();
}

void PosixNetwork::begin(Text ssid, Text psk) {
  const std::lock_guard lock(mutex_);
  advance();
  if (station_.state() != NetworkState::down) return;
  radio_.prepare(ssid, psk);
  station_.begin();
  advance();
}

void PosixNetwork::end(uint16_t reason) {
  const std::lock_guard lock(mutex_);
  advance();
  station_.end(reason);
}

NetworkState PosixNetwork::state() {
  const std::lock_guard lock(mutex_);
  advance();
  return station_.state();
}

NetworkState PosixNetwork::driver_state() {
  const std::lock_guard lock(mutex_);
  advance();
  if (!radio_.is_joined()) return NetworkState::down;
  return radio_.has_address() ? NetworkState::up : NetworkState::dhcp;
}

uint32_t PosixNetwork::losses() const {
  const std::lock_guard lock(mutex_);
  return station_.losses();
}

uint16_t PosixNetwork::disconnect_reason() const {
  const std::lock_guard lock(mutex_);
  return station_.reason();
}

LinkInfo PosixNetwork::link() const {
  const std::lock_guard lock(mutex_);
  return radio_.link();
}

bool PosixNetwork::start_scan() {
  const std::lock_guard lock(mutex_);
  advance();
  return radio_.start_scan(clock_.now());
}

ScanState PosixNetwork::scan_state() {
  const std::lock_guard lock(mutex_);
  advance();
  return radio_.scan_state();
}

size_t PosixNetwork::take_scan(Span<FoundNetwork> into) {
  const std::lock_guard lock(mutex_);
  return radio_.take_scan(into);
}

/// The simulated radio has no stations: each client on this host's loopback interface counts as a station.
bool PosixNetwork::open_access_point(Text, Text) {
  const std::lock_guard lock(mutex_);
  is_access_point_open_ = true;
  return true;
}

void PosixNetwork::close_access_point() {
  const std::lock_guard lock(mutex_);
  is_access_point_open_ = false;
}

bool PosixNetwork::is_access_point_open() const {
  const std::lock_guard lock(mutex_);
  return is_access_point_open_;
}

Millis PosixNetwork::deadline() {
  const std::lock_guard lock(mutex_);
  return radio_.deadline();
}

void PosixNetwork::advance() {
  const Millis now = clock_.now();
  SimulatedRadio::Event event;
  while (radio_.take_event(now, event)) station_.handle(event.kind, event.reason);
}

}  // namespace pb::posix
