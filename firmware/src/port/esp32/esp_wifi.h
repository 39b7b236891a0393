#pragma once

#include <esp_event.h>
#include <esp_netif.h>
#include <esp_wifi.h>
#include <freertos/FreeRTOS.h>

#include "port/network.h"
#include "port/station/station.h"
#include "port/waker.h"

namespace pb::esp32 {

/// The radio as a station, and as an access point beside it. The events of the driver come in the event task; the loop
/// handles them in state(). ESP-IDF: API guides, "Wi-Fi Driver"; API reference, Networking, "Wi-Fi" and "ESP-NETIF".
class EspWifi final : public Network, private StationDriver {
 public:
  explicit EspWifi(Waker& waker) : waker_(waker) {}
  EspWifi(const EspWifi&) = delete;
  EspWifi& operator=(const EspWifi&) = delete;

  NetworkKind kind() const override { return NetworkKind::wifi; }
  void begin(Text ssid, Text psk) override;
  void end(uint16_t reason) override;
  NetworkState state() override;
  NetworkState driver_state() override;
  uint32_t losses() const override { return station_.losses(); }
  uint16_t disconnect_reason() const override { return station_.reason(); }
  LinkInfo link() const override;
  bool start_scan() override;
  ScanState scan_state() override;
  size_t take_scan(Span<FoundNetwork> into) override;
  bool open_access_point(Text ssid, Text psk) override;
  void close_access_point() override;

 private:
  struct Event {
    StationEvent kind = StationEvent::started;
    uint16_t reason = kReasonNone;
  };
  /// Events beyond this number are lost. The driver can lose events too, so the loop also queries its state.
  static constexpr size_t kMaxEvents = 8;

  /// A scan without a result fails after this time. WifiConsole waits longer than this.
  static constexpr int64_t kScanLimitUs = 10'000'000;

  static void start(void* self);
  static void on_event(void* self, esp_event_base_t base, int32_t id, void* data);
  void push(StationEvent kind, uint16_t reason = kReasonNone);
  void handle_events();
  bool start_driver();
  bool apply_access_point();
  Connect connect() override;
  bool disconnect() override;
  bool is_joined() const override;

  Waker& waker_;
  Station station_{*this};
  wifi_config_t config_{};
  esp_netif_t* netif_ = nullptr;
  bool is_starting_ = false;
  bool is_started_ = false;
  volatile ScanState scan_ = ScanState::none;
  int64_t scan_began_us_ = 0;

  wifi_config_t access_point_{};
  bool has_access_point_ = false;
  esp_netif_t* access_point_netif_ = nullptr;

  portMUX_TYPE lock_ = portMUX_INITIALIZER_UNLOCKED;
  Event events_[kMaxEvents];  ///< oldest first
  volatile size_t event_count_ = 0;
};

}  // namespace pb::esp32
