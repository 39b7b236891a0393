#pragma once

#include <mutex>

#include "port/clock.h"
#include "port/network.h"
#include "port/posix/wake_source.h"
#include "port/waker.h"

namespace pb::posix {

/// Wi-Fi with the board's access point: joining and DHCP take the times that the board has sent.
class PosixNetwork final : public Network, public WakeSource {
 public:
  /// The simulated signal: a charger in the garage, the access point in the house.
  static constexpr int8_t kRssi = -58;

  PosixNetwork(const Clock& clock, Waker& waker) : clock_(clock), waker_(waker) {}

  /// The access point was switched on or off. Any thread.
  void set_access_point(bool up, Millis associate_ms, Millis dhcp_ms);
  /// Whether packets pass now. Loop only.
  bool link_up() { return state() == NetworkState::up; }

  NetworkKind kind() const override { return NetworkKind::wifi; }
  void begin(Text ssid, Text psk) override;
  void end() override;
  NetworkState state() override;
  uint32_t losses() const override;
  uint16_t disconnect_reason() const override;
  int8_t rssi() const override;

  void watch(std::vector<pollfd>&) override {}
  Millis deadline() override;

 private:
  void advance();
  void leave(uint16_t reason);

  const Clock& clock_;
  Waker& waker_;
  mutable std::mutex mutex_;
  bool access_point_up_ = false;
  Millis associate_ms_ = 0;
  Millis dhcp_ms_ = 0;
  NetworkState state_ = NetworkState::down;
  Millis next_ = kNever;  ///< end of the current step
  uint32_t losses_ = 0;
  uint16_t reason_ = kReasonNone;
};

}  // namespace pb::posix
