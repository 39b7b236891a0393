#pragma once

#include <esp_event.h>
#include <esp_wifi.h>

#include "port/esp32/link_state.h"
#include "port/network.h"

namespace pb::esp32 {

/// A station of the radio. ESP-IDF: API guides, "Wi-Fi Driver"; API reference, Networking, "Wi-Fi" and "ESP-NETIF".
class EspWifi final : public Network {
 public:
  explicit EspWifi(Waker& waker) : link_(waker) {}
  EspWifi(const EspWifi&) = delete;
  EspWifi& operator=(const EspWifi&) = delete;

  NetworkKind kind() const override { return NetworkKind::wifi; }
  void begin(Text ssid, Text psk) override;
  void end() override;
  NetworkState state() override { return link_.state(); }
  uint32_t losses() const override { return link_.losses(); }
  uint16_t disconnect_reason() const override { return link_.reason(); }
  int8_t rssi() const override;

 private:
  static void start(void* self);
  static void on_event(void* self, esp_event_base_t base, int32_t id, void* data);
  void on_disconnected(uint16_t reason);
  void connect();

  LinkState link_;
  wifi_config_t config_{};
  bool is_starting_ = false;
  volatile bool is_started_ = false;
  /// end() has asked the driver to leave, and the event that says so is still to come.
  volatile bool is_leaving_ = false;
};

}  // namespace pb::esp32
