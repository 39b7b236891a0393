#pragma once

// API reference, Networking, "Wi-Fi".

#include "esp_event.h"

enum wifi_auth_mode_t { WIFI_AUTH_OPEN, WIFI_AUTH_WEP, WIFI_AUTH_WPA_PSK, WIFI_AUTH_WPA2_PSK };
enum wifi_scan_method_t { WIFI_FAST_SCAN, WIFI_ALL_CHANNEL_SCAN };
enum wifi_storage_t { WIFI_STORAGE_FLASH, WIFI_STORAGE_RAM };
enum wifi_mode_t { WIFI_MODE_NULL, WIFI_MODE_STA, WIFI_MODE_AP, WIFI_MODE_APSTA };
enum wifi_interface_t { WIFI_IF_STA, WIFI_IF_AP };
enum wifi_ps_type_t { WIFI_PS_NONE, WIFI_PS_MIN_MODEM };
enum wifi_event_t {
  WIFI_EVENT_SCAN_DONE = 1,
  WIFI_EVENT_STA_START = 2,
  WIFI_EVENT_STA_CONNECTED = 4,
  WIFI_EVENT_STA_DISCONNECTED = 5
};
struct wifi_init_config_t {
  int magic;
};
struct wifi_sta_config_t {
  uint8_t ssid[32];
  uint8_t password[64];
  wifi_scan_method_t scan_method;
  struct {
    wifi_auth_mode_t authmode;
  } threshold;
  struct {
    bool capable;
  } pmf_cfg;
};
struct wifi_ap_config_t {
  uint8_t ssid[32];
  uint8_t password[64];
  uint8_t ssid_len;
  uint8_t channel;
  wifi_auth_mode_t authmode;
  uint8_t ssid_hidden;
  uint8_t max_connection;
};
union wifi_config_t {
  wifi_ap_config_t ap;
  wifi_sta_config_t sta;
};
struct wifi_ap_record_t {
  uint8_t bssid[6];
  uint8_t ssid[33];
  uint8_t primary;
  int8_t rssi;
  wifi_auth_mode_t authmode;
};
struct wifi_scan_config_t;
struct wifi_event_sta_scan_done_t {
  uint32_t status;
  uint8_t number;
  uint8_t scan_id;
};
#define ESP_ERR_WIFI_BASE 0x3000
#define ESP_ERR_WIFI_NOT_INIT (ESP_ERR_WIFI_BASE + 1)
#define ESP_ERR_WIFI_STATE (ESP_ERR_WIFI_BASE + 6)
#define ESP_ERR_WIFI_CONN (ESP_ERR_WIFI_BASE + 7)
struct wifi_event_sta_disconnected_t {
  uint8_t ssid[32];
  uint8_t ssid_len;
  uint8_t bssid[6];
  uint8_t reason;
  int8_t rssi;
};
#define WIFI_INIT_CONFIG_DEFAULT() {0x1F2F3F4F}
extern const esp_event_base_t WIFI_EVENT;

esp_err_t esp_wifi_init(const wifi_init_config_t* config);
esp_err_t esp_wifi_set_storage(wifi_storage_t storage);
esp_err_t esp_wifi_set_mode(wifi_mode_t mode);
esp_err_t esp_wifi_set_ps(wifi_ps_type_t type);
esp_err_t esp_wifi_start();
esp_err_t esp_wifi_set_config(wifi_interface_t interface, wifi_config_t* config);
esp_err_t esp_wifi_connect();
esp_err_t esp_wifi_disconnect();
esp_err_t esp_wifi_sta_get_ap_info(wifi_ap_record_t* record);
esp_err_t esp_wifi_scan_start(const wifi_scan_config_t* config, bool block);
esp_err_t esp_wifi_scan_stop();
esp_err_t esp_wifi_scan_get_ap_records(uint16_t* number, wifi_ap_record_t* records);
