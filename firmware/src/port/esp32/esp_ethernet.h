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
  void end(uint16_t reason) override { link_.leave(reason); }
  NetworkState state() override { return link_.state(); }
  NetworkState driver_state() override;
  uint32_t losses() const override { return link_.losses(); }
  uint16_t disconnect_reason() const override { return link_.reason(); }
  LinkInfo link() const override;
  bool start_scan() override { return false; }
  ScanState scan_state() override { return ScanState::none; }
  size_t take_scan(Span<FoundNetwork>) override { return 0; }
  bool open_access_point(Text, Text) override { return false; }
  void close_access_point() override {}

 private:
  static void start(void* self);
  static void on_event(void* self, esp_event_base_t base, int32_t id, void* data);
  void follow();

  LinkState link_;
  esp_netif_t* netif_ = nullptr;
  bool is_started_ = false;
  // The last reports of the driver, with or without an attempt in progress.
  volatile bool has_cable_ = false;
  volatile bool has_address_ = false;
};

}  // namespace pb::esp32
