#pragma once

#include <string>

#include "port/network.h"

namespace pb {

/// A network whose state the test sets.
class FakeNetwork final : public Network {
 public:
  int begins = 0;
  NetworkKind what = NetworkKind::wifi;
  std::string ssid;
  std::string psk;

  /// Moves the current attempt to a state.
  void become(NetworkState state) { state_ = state; }
  /// Fails the attempt, or ends the link.
  void fall(uint16_t reason) {
    if (state_ == NetworkState::up) ++losses_;
    state_ = NetworkState::down;
    reason_ = reason;
  }

  NetworkKind kind() const override { return what; }
  void begin(Text name, Text key) override {
    if (state_ != NetworkState::down) return;
    ++begins;
    ssid.assign(name.data, name.length);
    psk.assign(key.data, key.length);
    state_ = NetworkState::associating;
  }
  void end() override { fall(kReasonNone); }
  NetworkState state() override { return state_; }
  uint32_t losses() const override { return losses_; }
  uint16_t disconnect_reason() const override { return reason_; }
  int8_t rssi() const override { return state_ == NetworkState::up ? -60 : 0; }

 private:
  NetworkState state_ = NetworkState::down;
  uint32_t losses_ = 0;
  uint16_t reason_ = kReasonNone;
};

}  // namespace pb
