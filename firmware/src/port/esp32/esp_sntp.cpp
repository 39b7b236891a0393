#include "port/esp32/esp_sntp.h"

#include <esp_netif_sntp.h>

#include "port/esp32/lwip_lock.h"

namespace pb::esp32 {

namespace {

EspSntp* client = nullptr;

}  // namespace

EspSntp::EspSntp(const Clock& clock, EspWaker& waker) : clock_(clock), waker_(waker) { client = this; }

bool EspSntp::start(Text server) {
  stop();
  if (!server_.assign(server)) return false;
  esp_sntp_config_t config = ESP_NETIF_SNTP_DEFAULT_CONFIG(server_.c_str());
  config.wait_for_sync = false;
  config.sync_cb = &on_time;
  return esp_netif_sntp_init(&config) == ESP_OK;
}

void EspSntp::stop() {
  esp_netif_sntp_deinit();
  const LwipLock lock;
  has_time_ = false;
}

bool EspSntp::take(SntpTime& time) {
  const LwipLock lock;
  if (!has_time_) return false;
  has_time_ = false;
  time = time_;
  return true;
}

void EspSntp::on_time(timeval* received) {
  client->time_ = {int64_t{received->tv_sec} * 1000 + received->tv_usec / 1000, client->clock_.now()};
  client->has_time_ = true;
  client->waker_.wake();
}

}  // namespace pb::esp32
