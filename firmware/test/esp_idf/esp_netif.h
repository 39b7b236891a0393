#pragma once

// API reference, Networking, "ESP-NETIF".

#include "esp_event.h"

struct esp_netif_t;
struct esp_netif_config_t {
  int kind;
};
#define ESP_NETIF_DEFAULT_ETH() {1}
extern const esp_event_base_t IP_EVENT;
enum ip_event_t { IP_EVENT_STA_GOT_IP, IP_EVENT_STA_LOST_IP, IP_EVENT_ETH_GOT_IP = 4, IP_EVENT_ETH_LOST_IP };

struct esp_ip4_addr_t {
  uint32_t addr;
};
struct esp_netif_ip_info_t {
  esp_ip4_addr_t ip;
  esp_ip4_addr_t netmask;
  esp_ip4_addr_t gw;
};

esp_err_t esp_netif_init();
esp_netif_t* esp_netif_new(const esp_netif_config_t* config);
esp_netif_t* esp_netif_create_default_wifi_sta();
esp_netif_t* esp_netif_create_default_wifi_ap();
esp_err_t esp_netif_get_ip_info(esp_netif_t* netif, esp_netif_ip_info_t* info);
bool esp_netif_is_netif_up(esp_netif_t* netif);
esp_err_t esp_netif_attach(esp_netif_t* netif, void* glue);
