#pragma once

// API reference, Networking, "ESP-NETIF", SNTP API.

#include <stddef.h>
#include <sys/time.h>

#include "esp_err.h"
#include "esp_netif.h"

using esp_sntp_time_cb_t = void (*)(timeval* received);

struct esp_sntp_config_t {
  bool smooth_sync;
  bool server_from_dhcp;
  bool wait_for_sync;
  bool start;
  esp_sntp_time_cb_t sync_cb;
  bool renew_servers_after_new_IP;
  ip_event_t ip_event_to_renew;
  size_t index_of_first_server;
  size_t num_of_servers;
  const char* servers[1];
};
#define ESP_NETIF_SNTP_DEFAULT_CONFIG(server)                                       \
  {                                                                                 \
    false, false, true, true, nullptr, false, IP_EVENT_STA_GOT_IP, 0, 1, { server } \
  }

esp_err_t esp_netif_sntp_init(const esp_sntp_config_t* config);
void esp_netif_sntp_deinit();
