#include "port/esp32/link_state.h"

namespace pb::esp32 {

bool LinkState::advance(NetworkState from, NetworkState to) {
  portENTER_CRITICAL(&lock_);
  const bool is_there = state_ == from;
  if (is_there) state_ = to;
  portEXIT_CRITICAL(&lock_);
  if (is_there) waker_.wake();
  return is_there;
}

bool LinkState::leave(uint16_t reason) {
  portENTER_CRITICAL(&lock_);
  const NetworkState before = state_;
  if (before == NetworkState::up) losses_ = losses_ + 1;
  if (before != NetworkState::down) reason_ = reason;
  state_ = NetworkState::down;
  portEXIT_CRITICAL(&lock_);
  if (before != NetworkState::down) waker_.wake();
  return before != NetworkState::down;
}

}  // namespace pb::esp32
