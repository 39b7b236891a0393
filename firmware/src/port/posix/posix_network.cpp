#include "port/posix/posix_network.h"

namespace pb::posix {

namespace {

// The minimum duration of a scan of all channels without a result on the chip.
constexpr Millis kScan = 100;

}  // namespace

void PosixNetwork::set_access_point(bool up, Millis associate_ms, Millis dhcp_ms) {
  const std::lock_guard lock(mutex_);
  access_point_up_ = up;
  associate_ms_ = associate_ms;
  dhcp_ms_ = dhcp_ms;
  if (!up && (state_ == NetworkState::up || state_ == NetworkState::dhcp)) leave(kReasonBeaconTimeout);
  waker_.wake();
}

void PosixNetwork::begin(Text, Text) {
  const std::lock_guard lock(mutex_);
  if (state_ != NetworkState::down) return;
  state_ = NetworkState::associating;
  const Millis takes = access_point_up_ || associate_ms_ > kScan ? associate_ms_ : kScan;
  next_ = clock_.now() + takes;
  advance();
}

void PosixNetwork::end() {
  const std::lock_guard lock(mutex_);
  leave(kReasonNone);
}

NetworkState PosixNetwork::state() {
  const std::lock_guard lock(mutex_);
  advance();
  return state_;
}

uint32_t PosixNetwork::losses() const {
  const std::lock_guard lock(mutex_);
  return losses_;
}

uint16_t PosixNetwork::disconnect_reason() const {
  const std::lock_guard lock(mutex_);
  return reason_;
}

int8_t PosixNetwork::rssi() const {
  const std::lock_guard lock(mutex_);
  return state_ == NetworkState::up || state_ == NetworkState::dhcp ? kRssi : int8_t{0};
}

Millis PosixNetwork::deadline() {
  const std::lock_guard lock(mutex_);
  return next_;
}

void PosixNetwork::advance() {
  const Millis now = clock_.now();
  if (state_ == NetworkState::associating && now >= next_) {
    if (!access_point_up_) return leave(kReasonNoAccessPoint);
    state_ = NetworkState::dhcp;
    next_ += dhcp_ms_;
  }
  if (state_ == NetworkState::dhcp && now >= next_) {
    state_ = NetworkState::up;
    next_ = kNever;
  }
}

void PosixNetwork::leave(uint16_t reason) {
  if (state_ == NetworkState::up) ++losses_;
  state_ = NetworkState::down;
  next_ = kNever;
  reason_ = reason;
}

}  // namespace pb::posix
