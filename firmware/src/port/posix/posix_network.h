#pragma once

#include <mutex>

#include "port/clock.h"
#include "port/network.h"
#include "port/posix/simulated_radio.h"
#include "port/posix/wake_source.h"
#include "port/station/station.h"
#include "port/waker.h"

namespace pb::posix {

/// Wi-Fi with the radio that the board simulates.
class PosixNetwork final : public Network, public WakeSource {
 public:
  PosixNetwork(const Clock& clock, Waker& waker) : clock_(clock), waker_(waker) {
    station_.handle(StationEvent::started);
  }

  /// The access points were switched on or off. Any thread.
  void set_access_point(bool up, Millis associate_ms, Millis dhcp_ms);
  /// Changes the simulated radio. Any thread.
  void change_radio(const RadioChange& change);
  /// Whether packets pass now, independent of the reported events. Loop only.
  bool link_up();
  /// Whether our own access point is open.
  bool is_access_point_open() const;

  NetworkKind kind() const override { return NetworkKind::wifi; }
  void begin(Text ssid, Text psk) override;
  void end(uint16_t reason) override;
  NetworkState state() override;
  NetworkState driver_state() override;
  uint32_t losses() const override;
  uint16_t disconnect_reason() const override;
  LinkInfo link() const override;
  bool start_scan() override;
  ScanState scan_state() override;
  size_t take_scan(Span<FoundNetwork> into) override;
  bool open_access_point(Text ssid, Text psk) override;
  void close_access_point() override;

  void watch(std::vector<pollfd>&) override {}
  Millis deadline() override;

 private:
  void advance();

  const Clock& clock_;
  Waker& waker_;
  mutable std::mutex mutex_;
  SimulatedRadio radio_;
  bool is_access_point_open_ = false;
  Station station_{radio_};
};

}  // namespace pb::posix
