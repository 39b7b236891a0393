#pragma once

#include <string>
#include <vector>

#include "port/network.h"

namespace pb {

/// A network whose state the test sets.
class FakeNetwork final : public Network {
 public:
  int begins = 0;
  NetworkKind what = NetworkKind::wifi;
  std::string ssid;
  std::string psk;
  LinkInfo info{-60, 6, {2, 0, 0, 0, 0, 1}, {192, 168, 4, 2}};
  /// The link has ended without an event.
  bool has_lost_event = false;
  ScanState scan = ScanState::none;
  std::vector<FoundNetwork> found;
  std::string access_point;  ///< empty: closed
  std::string access_point_psk;

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
  void end(uint16_t reason) override {
    if (state_ != NetworkState::down) fall(reason);
  }
  NetworkState state() override { return state_; }
  NetworkState driver_state() override { return has_lost_event ? NetworkState::down : state_; }
  uint32_t losses() const override { return losses_; }
  uint16_t disconnect_reason() const override { return reason_; }
  LinkInfo link() const override { return state_ == NetworkState::up ? info : LinkInfo{}; }
  bool start_scan() override {
    if (state_ == NetworkState::associating) return false;
    scan = ScanState::running;
    return true;
  }
  ScanState scan_state() override { return scan; }
  size_t take_scan(Span<FoundNetwork> into) override {
    size_t count = 0;
    for (; count < found.size() && count < into.length; ++count) into[count] = found[count];
    return count;
  }
  bool open_access_point(Text name, Text key) override {
    access_point.assign(name.data, name.length);
    access_point_psk.assign(key.data, key.length);
    return true;
  }
  void close_access_point() override { access_point.clear(); }

 private:
  NetworkState state_ = NetworkState::down;
  uint32_t losses_ = 0;
  uint16_t reason_ = kReasonNone;
};

}  // namespace pb
