#include "port/esp32/esp_wifi.h"

#include <sdkconfig.h>

#if !CONFIG_ETH_USE_OPENETH

#include <esp_err.h>
#include <esp_netif.h>
#include <freertos/FreeRTOS.h>
#include <freertos/task.h>
#include <string.h>

#include "port/esp32/starter_task.h"

namespace pb::esp32 {

namespace {

/// The driver's fields are filled to the end without a NUL where the text is as long as they are.
template <size_t N>
void copy(Text text, uint8_t (&into)[N]) {
  memset(into, 0, N);
  memcpy(into, text.data, text.length < N ? text.length : N);
}

}  // namespace

void EspWifi::begin(Text ssid, Text psk) {
  if (link_.state() != NetworkState::down) return;
  config_ = wifi_config_t{};
  copy(ssid, config_.sta.ssid);
  copy(psk, config_.sta.password);
  config_.sta.threshold.authmode = psk.length == 0 ? WIFI_AUTH_OPEN : WIFI_AUTH_WPA2_PSK;
  // All channels: the first access point that is found need not be the strongest.
  config_.sta.scan_method = WIFI_ALL_CHANNEL_SCAN;
  config_.sta.pmf_cfg.capable = true;
  link_.advance(NetworkState::down, NetworkState::associating);
  if (is_started_) {
    // The driver takes a new attempt once it has left; on_disconnected() starts it.
    if (!is_leaving_) connect();
  } else if (!is_starting_) {
    is_starting_ = start_in_a_task("wifi", &start, this);
    if (!is_starting_) link_.leave(kReasonNone);
  }
}

void EspWifi::end() {
  if (!link_.leave(kReasonNone) || !is_started_) return;
  is_leaving_ = true;
  if (esp_wifi_disconnect() != ESP_OK) is_leaving_ = false;
}

int8_t EspWifi::rssi() const {
  const NetworkState state = link_.state();
  wifi_ap_record_t access_point;
  const bool is_joined = state == NetworkState::dhcp || state == NetworkState::up;
  return is_joined && esp_wifi_sta_get_ap_info(&access_point) == ESP_OK ? access_point.rssi : int8_t{0};
}

void EspWifi::start(void* self) {
  esp_netif_create_default_wifi_sta();
  const wifi_init_config_t config = WIFI_INIT_CONFIG_DEFAULT();
  ESP_ERROR_CHECK(esp_wifi_init(&config));
  // The firmware keeps name and key itself: the driver must not leave a copy in NVS.
  ESP_ERROR_CHECK(esp_wifi_set_storage(WIFI_STORAGE_RAM));
  ESP_ERROR_CHECK(esp_event_handler_register(WIFI_EVENT, ESP_EVENT_ANY_ID, &on_event, self));
  ESP_ERROR_CHECK(esp_event_handler_register(IP_EVENT, ESP_EVENT_ANY_ID, &on_event, self));
  ESP_ERROR_CHECK(esp_wifi_set_mode(WIFI_MODE_STA));
  // A charger has mains: it is not worth it to sleep between beacons and answer late.
  ESP_ERROR_CHECK(esp_wifi_set_ps(WIFI_PS_NONE));
  ESP_ERROR_CHECK(esp_wifi_start());
  vTaskDelete(nullptr);
}

void EspWifi::connect() {
  if (esp_wifi_set_config(WIFI_IF_STA, &config_) != ESP_OK || esp_wifi_connect() != ESP_OK) link_.leave(kReasonNone);
}

void EspWifi::on_event(void* self, esp_event_base_t base, int32_t id, void* data) {
  auto& wifi = *static_cast<EspWifi*>(self);
  if (base == WIFI_EVENT && id == WIFI_EVENT_STA_START) {
    wifi.is_started_ = true;
    if (wifi.link_.state() == NetworkState::associating) wifi.connect();
  } else if (base == WIFI_EVENT && id == WIFI_EVENT_STA_CONNECTED) {
    wifi.link_.advance(NetworkState::associating, NetworkState::dhcp);
  } else if (base == WIFI_EVENT && id == WIFI_EVENT_STA_DISCONNECTED) {
    wifi.on_disconnected(static_cast<const wifi_event_sta_disconnected_t*>(data)->reason);
  } else if (base == IP_EVENT && id == IP_EVENT_STA_GOT_IP) {
    wifi.link_.advance(NetworkState::dhcp, NetworkState::up);
  } else if (base == IP_EVENT && id == IP_EVENT_STA_LOST_IP) {
    // Still joined, without an address: the caller tries again from the start.
    wifi.end();
  }
}

void EspWifi::on_disconnected(uint16_t reason) {
  if (!is_leaving_) {
    link_.leave(reason);
    return;
  }
  // The answer to end(). It must not end an attempt that began meanwhile.
  is_leaving_ = false;
  if (link_.state() == NetworkState::associating) connect();
}

}  // namespace pb::esp32

#endif
