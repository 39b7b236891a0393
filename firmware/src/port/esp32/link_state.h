#pragma once

#include <freertos/FreeRTOS.h>

#include "port/network.h"
#include "port/waker.h"

namespace pb::esp32 {

/// The progress of the link. The event task writes it, the loop reads it and is woken by each change.
class LinkState {
 public:
  explicit LinkState(Waker& waker) : waker_(waker) {}
  LinkState(const LinkState&) = delete;
  LinkState& operator=(const LinkState&) = delete;

  NetworkState state() const { return state_; }
  uint32_t losses() const { return losses_; }
  uint16_t reason() const { return reason_; }

  /// Changes the state to `to`, if it is still `from`. @return whether it was `from`
  bool advance(NetworkState from, NetworkState to);
  /// Goes down, from any state. Going down from `up` is a loss. @return false if it was down already
  bool leave(uint16_t reason);

 private:
  Waker& waker_;
  portMUX_TYPE lock_ = portMUX_INITIALIZER_UNLOCKED;
  volatile NetworkState state_ = NetworkState::down;
  volatile uint32_t losses_ = 0;
  volatile uint16_t reason_ = Network::kReasonNone;
};

}  // namespace pb::esp32
