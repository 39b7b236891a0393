#include "port/esp32/esp_wifi.h"

#include <sdkconfig.h>

#if !CONFIG_ETH_USE_OPENETH

#include <esp_err.h>
#include <esp_timer.h>
#include <freertos/task.h>
#include <string.h>

#include "port/esp32/starter_task.h"

namespace pb::esp32 {

namespace {

/// More stations at once have no use: one person sets the charger up.
constexpr uint8_t kMaxStations = 2;

/// A field of the driver has no NUL if the text fills it.
template <size_t N>
void copy(Text text, uint8_t (&into)[N]) {
  memset(into, 0, N);
  memcpy(into, text.data, text.length < N ? text.length : N);
}

Text name_in(const uint8_t (&ssid)[33]) { return text_of_field(reinterpret_cast<const char*>(ssid), sizeof ssid - 1); }

}  // namespace

// -- the station ------------------------------------------------------------------------------------------------------

void EspWifi::begin(Text ssid, Text psk) {
  handle_events();
  if (station_.state() != NetworkState::down) return;
  config_ = wifi_config_t{};
  copy(ssid, config_.sta.ssid);
  copy(psk, config_.sta.password);
  config_.sta.threshold.authmode = psk.length == 0 ? WIFI_AUTH_OPEN : WIFI_AUTH_WPA2_PSK;
  // All channels: the first access point that is found need not be the strongest.
  config_.sta.scan_method = WIFI_ALL_CHANNEL_SCAN;
  config_.sta.pmf_cfg.capable = true;
  station_.begin();
  if (!start_driver()) station_.end(kReasonDriver);
}

void EspWifi::end(uint16_t reason) {
  handle_events();
  station_.end(reason);
}

NetworkState EspWifi::state() {
  handle_events();
  return station_.state();
}

NetworkState EspWifi::driver_state() {
  handle_events();
  if (!is_started_ || !is_joined()) return NetworkState::down;
  esp_netif_ip_info_t address;
  const bool has_address = esp_netif_get_ip_info(netif_, &address) == ESP_OK && address.ip.addr != 0;
  return has_address ? NetworkState::up : NetworkState::dhcp;
}

LinkInfo EspWifi::link() const {
  LinkInfo link;
  wifi_ap_record_t access_point;
  const bool is_joined = station_.state() == NetworkState::dhcp || station_.state() == NetworkState::up;
  if (!is_joined || esp_wifi_sta_get_ap_info(&access_point) != ESP_OK) return link;
  link.rssi = access_point.rssi;
  link.channel = access_point.primary;
  memcpy(link.bssid, access_point.bssid, sizeof link.bssid);
  esp_netif_ip_info_t address;
  // The driver has the address in network byte order, as bytes in memory.
  if (esp_netif_get_ip_info(netif_, &address) == ESP_OK) memcpy(link.address, &address.ip.addr, sizeof link.address);
  return link;
}

StationDriver::Connect EspWifi::connect() {
  // While the station is joined or joining, the driver rejects both calls below.
  const esp_err_t error = esp_wifi_set_config(WIFI_IF_STA, &config_);
  if (error == ESP_ERR_WIFI_STATE) return Connect::busy;
  if (error != ESP_OK) return Connect::failed;
  const esp_err_t result = esp_wifi_connect();
  if (result == ESP_ERR_WIFI_CONN || result == ESP_ERR_WIFI_STATE) return Connect::busy;
  return result == ESP_OK ? Connect::started : Connect::failed;
}

bool EspWifi::disconnect() { return esp_wifi_disconnect() == ESP_OK; }

bool EspWifi::is_joined() const {
  wifi_ap_record_t access_point;
  return esp_wifi_sta_get_ap_info(&access_point) == ESP_OK;
}

// -- scan -------------------------------------------------------------------------------------------------------------

bool EspWifi::start_scan() {
  handle_events();
  if (scan_state() == ScanState::running || station_.state() == NetworkState::associating || !is_started_) return false;
  scan_began_us_ = esp_timer_get_time();
  scan_ = ScanState::running;
  if (esp_wifi_scan_start(nullptr, false) == ESP_OK) return true;
  scan_ = ScanState::failed;
  return false;
}

/// Ends a scan whose event was lost. Without this the station could never join again.
ScanState EspWifi::scan_state() {
  if (scan_ == ScanState::running && esp_timer_get_time() - scan_began_us_ >= kScanLimitUs) {
    esp_wifi_scan_stop();
    scan_ = ScanState::failed;
  }
  return scan_;
}

size_t EspWifi::take_scan(Span<FoundNetwork> into) {
  constexpr size_t kMost = 8;
  wifi_ap_record_t records[kMost];
  uint16_t count = kMost < into.length ? kMost : static_cast<uint16_t>(into.length);
  // The driver sorts by signal, and frees its list with this call.
  if (esp_wifi_scan_get_ap_records(&count, records) != ESP_OK) return 0;
  for (size_t i = 0; i < count; ++i) {
    into[i].ssid.assign(name_in(records[i].ssid));
    memcpy(into[i].bssid, records[i].bssid, sizeof into[i].bssid);
    into[i].rssi = records[i].rssi;
    into[i].channel = records[i].primary;
    into[i].is_open = records[i].authmode == WIFI_AUTH_OPEN;
  }
  return count;
}

// -- the access point -------------------------------------------------------------------------------------------------

bool EspWifi::open_access_point(Text ssid, Text psk) {
  access_point_ = wifi_config_t{};
  copy(ssid, access_point_.ap.ssid);
  access_point_.ap.ssid_len = static_cast<uint8_t>(ssid.length);
  copy(psk, access_point_.ap.password);
  access_point_.ap.authmode = WIFI_AUTH_WPA2_PSK;
  access_point_.ap.max_connection = kMaxStations;
  has_access_point_ = true;
  if (!start_driver()) return false;
  // If the driver is not started yet, its start opens the access point.
  return !is_started_ || apply_access_point();
}

void EspWifi::close_access_point() {
  has_access_point_ = false;
  if (is_started_) esp_wifi_set_mode(WIFI_MODE_STA);
}

bool EspWifi::apply_access_point() {
  if (access_point_netif_ == nullptr) access_point_netif_ = esp_netif_create_default_wifi_ap();
  return esp_wifi_set_mode(WIFI_MODE_APSTA) == ESP_OK && esp_wifi_set_config(WIFI_IF_AP, &access_point_) == ESP_OK;
}

// -- the driver -------------------------------------------------------------------------------------------------------

bool EspWifi::start_driver() {
  if (!is_starting_) is_starting_ = start_in_a_task("wifi", &start, this);
  return is_starting_;
}

void EspWifi::start(void* self) {
  static_cast<EspWifi*>(self)->netif_ = esp_netif_create_default_wifi_sta();
  const wifi_init_config_t config = WIFI_INIT_CONFIG_DEFAULT();
  ESP_ERROR_CHECK(esp_wifi_init(&config));
  // The firmware keeps name and key itself: the driver must not leave a copy in NVS.
  ESP_ERROR_CHECK(esp_wifi_set_storage(WIFI_STORAGE_RAM));
  ESP_ERROR_CHECK(esp_event_handler_register(WIFI_EVENT, ESP_EVENT_ANY_ID, &on_event, self));
  ESP_ERROR_CHECK(esp_event_handler_register(IP_EVENT, ESP_EVENT_ANY_ID, &on_event, self));
  ESP_ERROR_CHECK(esp_wifi_set_mode(WIFI_MODE_STA));
  // The driver's default is to sleep between beacons and answer late. EspPower decides later.
  ESP_ERROR_CHECK(esp_wifi_set_ps(WIFI_PS_NONE));
  ESP_ERROR_CHECK(esp_wifi_start());
  vTaskDelete(nullptr);
}

void EspWifi::on_event(void* self, esp_event_base_t base, int32_t id, void* data) {
  auto& wifi = *static_cast<EspWifi*>(self);
  if (base == WIFI_EVENT && id == WIFI_EVENT_STA_START) {
    wifi.push(StationEvent::started);
  } else if (base == WIFI_EVENT && id == WIFI_EVENT_STA_CONNECTED) {
    wifi.push(StationEvent::joined);
  } else if (base == WIFI_EVENT && id == WIFI_EVENT_STA_DISCONNECTED) {
    wifi.push(StationEvent::left, static_cast<const wifi_event_sta_disconnected_t*>(data)->reason);
  } else if (base == WIFI_EVENT && id == WIFI_EVENT_SCAN_DONE) {
    const bool ok = static_cast<const wifi_event_sta_scan_done_t*>(data)->status == 0;
    wifi.scan_ = ok ? ScanState::done : ScanState::failed;
    wifi.waker_.wake();
  } else if (base == IP_EVENT && id == IP_EVENT_STA_GOT_IP) {
    wifi.push(StationEvent::got_address);
  } else if (base == IP_EVENT && id == IP_EVENT_STA_LOST_IP) {
    wifi.push(StationEvent::lost_address);
  }
}

void EspWifi::push(StationEvent kind, uint16_t reason) {
  portENTER_CRITICAL(&lock_);
  if (event_count_ < kMaxEvents) {
    events_[event_count_] = {kind, reason};
    event_count_ = event_count_ + 1;
  }
  portEXIT_CRITICAL(&lock_);
  waker_.wake();
}

void EspWifi::handle_events() {
  while (event_count_ != 0) {
    portENTER_CRITICAL(&lock_);
    const Event event = events_[0];
    event_count_ = event_count_ - 1;
    for (size_t i = 0; i < event_count_; ++i) events_[i] = events_[i + 1];
    portEXIT_CRITICAL(&lock_);
    if (event.kind == StationEvent::started && !is_started_) {
      is_started_ = true;
      if (has_access_point_) apply_access_point();
    }
    station_.handle(event.kind, event.reason);
  }
}

}  // namespace pb::esp32

#endif
