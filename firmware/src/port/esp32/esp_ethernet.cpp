#include "port/esp32/esp_ethernet.h"

#include <sdkconfig.h>

#if CONFIG_ETH_USE_OPENETH

#include <esp_err.h>
#include <freertos/FreeRTOS.h>
#include <freertos/task.h>
#include <string.h>

#include "port/esp32/starter_task.h"

namespace pb::esp32 {

void EspEthernet::begin(Text, Text) {
  if (!link_.advance(NetworkState::down, NetworkState::associating)) return;
  if (is_started_) return follow();
  is_started_ = start_in_a_task("ethernet", &start, this);
  if (!is_started_) link_.leave(kReasonNone);
}

/// Advances the state as far as the driver has reported progress.
void EspEthernet::follow() {
  if (has_cable_) link_.advance(NetworkState::associating, NetworkState::dhcp);
  if (has_address_) link_.advance(NetworkState::dhcp, NetworkState::up);
}

/// The driver cannot be queried about the cable. Without a cable the address is lost, so query the address.
NetworkState EspEthernet::driver_state() {
  if (!has_cable_) return NetworkState::down;
  return esp_netif_is_netif_up(netif_) && has_address_ ? NetworkState::up : NetworkState::dhcp;
}

LinkInfo EspEthernet::link() const {
  LinkInfo link;
  esp_netif_ip_info_t address;
  if (link_.state() != NetworkState::up || esp_netif_get_ip_info(netif_, &address) != ESP_OK) return link;
  // The driver has the address in network byte order, as bytes in memory.
  memcpy(link.address, &address.ip.addr, sizeof link.address);
  return link;
}

void EspEthernet::start(void* self) {
  const esp_netif_config_t netif_config = ESP_NETIF_DEFAULT_ETH();
  esp_netif_t* netif = esp_netif_new(&netif_config);
  static_cast<EspEthernet*>(self)->netif_ = netif;
  eth_mac_config_t mac_config = ETH_MAC_DEFAULT_CONFIG();
  eth_phy_config_t phy_config = ETH_PHY_DEFAULT_CONFIG();
  // The emulator's link is up at once.
  phy_config.autonego_timeout_ms = 100;
  // The default is GPIO 5, which the driver then drives as the reset line of the PHY. The boards use it as an input.
  phy_config.reset_gpio_num = -1;
  const esp_eth_config_t config =
      ETH_DEFAULT_CONFIG(esp_eth_mac_new_openeth(&mac_config), esp_eth_phy_new_dp83848(&phy_config));
  esp_eth_handle_t driver = nullptr;
  ESP_ERROR_CHECK(esp_eth_driver_install(&config, &driver));
  ESP_ERROR_CHECK(esp_netif_attach(netif, esp_eth_new_netif_glue(driver)));
  ESP_ERROR_CHECK(esp_event_handler_register(ETH_EVENT, ESP_EVENT_ANY_ID, &on_event, self));
  ESP_ERROR_CHECK(esp_event_handler_register(IP_EVENT, ESP_EVENT_ANY_ID, &on_event, self));
  ESP_ERROR_CHECK(esp_eth_start(driver));
  vTaskDelete(nullptr);
}

void EspEthernet::on_event(void* self, esp_event_base_t base, int32_t id, void*) {
  auto& ethernet = *static_cast<EspEthernet*>(self);
  if (base == ETH_EVENT && id == ETHERNET_EVENT_CONNECTED) {
    ethernet.has_cable_ = true;
  } else if (base == ETH_EVENT && id == ETHERNET_EVENT_DISCONNECTED) {
    ethernet.has_cable_ = false;
    ethernet.has_address_ = false;
    ethernet.link_.leave(kReasonNone);
  } else if (base == IP_EVENT && id == IP_EVENT_ETH_GOT_IP) {
    ethernet.has_address_ = true;
  } else if (base == IP_EVENT && id == IP_EVENT_ETH_LOST_IP) {
    ethernet.has_address_ = false;
    ethernet.link_.leave(kReasonNone);
  }
  ethernet.follow();
}

}  // namespace pb::esp32

#endif
