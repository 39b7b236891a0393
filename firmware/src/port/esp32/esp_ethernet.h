#pragma once

#include <esp_eth.h>
#include <esp_event.h>
#include <esp_netif.h>

#include "port/esp32/link_state.h"
#include "port/network.h"

namespace pb::esp32 {

/// Ethernet by the OpenCores controller that Espressif's emulator has (CONFIG_ETH_USE_OPENETH).
/// ESP-IDF: API reference, Networking, "Ethernet" and "ESP-NETIF".
class EspEthernet final : public Network {
 public:
  explicit EspEthernet(Waker& waker) : link_(waker) {}
  EspEthernet(const EspEthernet&) = delete;
  EspEthernet& operator=(const EspEthernet&) = delete;

  NetworkKind kind() const override { return NetworkKind::ethernet; }
  void begin(Text ssid, Text psk) override;
  void end() override { link_.leave(kReasonNone); }
  NetworkState state() override { return link_.state(); }
  uint32_t losses() const override { return link_.losses(); }
  uint16_t disconnect_reason() const override { return link_.reason(); }
  int8_t rssi() const override { return 0; }

 private:
  static void start(void* self);
  static void on_event(void* self, esp_event_base_t base, int32_t id, void* data);
  void follow();

  LinkState link_;
  bool is_started_ = false;
  // What the driver has reported last, whether or not an attempt is under way.
  volatile bool has_cable_ = false;
  volatile bool has_address_ = false;
};

}  // namespace pb::esp32
