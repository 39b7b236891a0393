#pragma once

// API reference, Networking, "Ethernet".

#include "esp_event.h"

struct esp_eth_mac_t;
struct esp_eth_phy_t;
struct eth_mac_config_t {
  uint32_t sw_reset_timeout_ms;
};
struct eth_phy_config_t {
  int32_t phy_addr;
  uint32_t autonego_timeout_ms;
  int reset_gpio_num;
};
struct esp_eth_config_t {
  esp_eth_mac_t* mac;
  esp_eth_phy_t* phy;
};
using esp_eth_handle_t = void*;
#define ETH_MAC_DEFAULT_CONFIG() {100}
#define ETH_PHY_DEFAULT_CONFIG() {-1, 4000, 5}
#define ETH_DEFAULT_CONFIG(mac, phy) {mac, phy}
extern const esp_event_base_t ETH_EVENT;
enum eth_event_t { ETHERNET_EVENT_START, ETHERNET_EVENT_STOP, ETHERNET_EVENT_CONNECTED, ETHERNET_EVENT_DISCONNECTED };

esp_eth_mac_t* esp_eth_mac_new_openeth(const eth_mac_config_t* config);
esp_eth_phy_t* esp_eth_phy_new_dp83848(const eth_phy_config_t* config);
esp_err_t esp_eth_driver_install(const esp_eth_config_t* config, esp_eth_handle_t* driver);
void* esp_eth_new_netif_glue(esp_eth_handle_t driver);
esp_err_t esp_eth_start(esp_eth_handle_t driver);
