#include "fake_idf.h"

#include <setjmp.h>
#include <string.h>

#include <algorithm>
#include <utility>

#include "driver/pulse_cnt.h"
#include "driver/uart.h"
#include "esp_eth.h"
#include "esp_log.h"
#include "esp_netif.h"
#include "esp_ota_ops.h"
#include "esp_pm.h"
#include "esp_timer.h"
#include "esp_wifi.h"
#include "freertos/semphr.h"
#include "freertos/stream_buffer.h"
#include "hal/brownout_hal.h"

FakeIdf chip;

struct tskTaskControlBlock {};
struct QueueDefinition {};
struct pcnt_unit_t {};
struct pcnt_chan_t {};
struct esp_netif_t {};
struct StreamBufferDef_t {
  size_t capacity = 0;
  std::deque<uint8_t> bytes;
};

namespace {

tskTaskControlBlock task;
QueueDefinition mutex;
pcnt_unit_t unit;
pcnt_chan_t channel;
esp_netif_t netif;
StreamBufferDef_t ring;
jmp_buf task_end;

}  // namespace

const esp_event_base_t WIFI_EVENT = "WIFI_EVENT";
const esp_event_base_t IP_EVENT = "IP_EVENT";
const esp_event_base_t ETH_EVENT = "ETH_EVENT";

void FakeIdf::edge(int pin, int level) {
  levels[pin] = level;
  if (const auto found = handlers.find(pin); found != handlers.end()) found->second.first(found->second.second);
}

void FakeIdf::short_pulse(int pin) { edge(pin, levels[pin]); }

void FakeIdf::pulse() {
  if (++pulse_register < pulse_limit) return;
  // At its limit the hardware's counter starts again. If there is a watch point, the driver adds up in its interrupt.
  if (pulses_accumulate && watches_limit) pulse_sum += pulse_limit;
  pulse_register = 0;
}

void FakeIdf::event(esp_event_base_t base, int32_t id, void* data) {
  for (const auto& [handler, argument] : event_handlers) {
    handler(argument, base, id, data);
    break;  // one handler for both bases
  }
}

void FakeIdf::disconnected(uint8_t reason) {
  wifi_event_sta_disconnected_t data{};
  data.reason = reason;
  event(WIFI_EVENT, WIFI_EVENT_STA_DISCONNECTED, &data);
}

void FakeIdf::run_started() {
  for (const auto& [function, argument] : std::exchange(started, {})) {
    // vTaskDelete() does not return to the task.
    if (setjmp(task_end) == 0) function(argument);
  }
}

void esp_log_level_set(const char*, esp_log_level_t) {}

int64_t esp_timer_get_time() { return chip.now_us; }

BaseType_t xPortInIsrContext() { return pdFALSE; }
TaskHandle_t xTaskGetCurrentTaskHandle() { return &task; }
TaskHandle_t xTaskCreateStatic(TaskFunction_t, const char*, uint32_t, void*, UBaseType_t, StackType_t*, StaticTask_t*) {
  return &task;
}
BaseType_t xTaskCreate(TaskFunction_t function, const char*, uint32_t, void* argument, UBaseType_t, TaskHandle_t*) {
  chip.started.emplace_back(function, argument);
  return pdPASS;
}
void vTaskDelete(TaskHandle_t) { longjmp(task_end, 1); }
void vTaskDelay(TickType_t) {}
TickType_t xTaskGetTickCount() { return static_cast<TickType_t>(chip.now_us / 1000); }
TaskHandle_t xTaskGetHandle(const char* name) {
  const bool runs = chip.running.count(name) != 0;
  return runs ? &task : nullptr;
}
UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t) { return 640; }
void vTaskGetInfo(TaskHandle_t, TaskStatus_t* status, BaseType_t, eTaskState) { status->ulRunTimeCounter = 12'345; }
uint32_t ulTaskNotifyTake(BaseType_t, TickType_t ticks) {
  chip.sleeps.push_back(ticks);
  return 0;
}
BaseType_t xTaskNotifyGive(TaskHandle_t) {
  ++chip.notifications;
  return pdPASS;
}
void vTaskNotifyGiveFromISR(TaskHandle_t, BaseType_t*) { ++chip.notifications; }

SemaphoreHandle_t xSemaphoreCreateMutexStatic(StaticSemaphore_t*) { return &mutex; }
BaseType_t xSemaphoreTake(SemaphoreHandle_t, TickType_t) { return pdTRUE; }
BaseType_t xQueueSend(QueueHandle_t, const void*, TickType_t) { return pdTRUE; }
BaseType_t xSemaphoreGive(SemaphoreHandle_t) { return pdTRUE; }

StreamBufferHandle_t xStreamBufferCreateStatic(size_t size, size_t, uint8_t*, StaticStreamBuffer_t*) {
  ring.capacity = size - 1;
  ring.bytes.clear();
  return &ring;
}
size_t xStreamBufferSpacesAvailable(StreamBufferHandle_t) { return ring.capacity - ring.bytes.size(); }
BaseType_t xStreamBufferIsEmpty(StreamBufferHandle_t) { return ring.bytes.empty() ? pdTRUE : pdFALSE; }
size_t xStreamBufferSend(StreamBufferHandle_t, const void* bytes, size_t size, TickType_t) {
  const auto* first = static_cast<const uint8_t*>(bytes);
  const size_t count = std::min(size, ring.capacity - ring.bytes.size());
  ring.bytes.insert(ring.bytes.end(), first, first + count);
  return count;
}
size_t xStreamBufferReceive(StreamBufferHandle_t, void* into, size_t size, TickType_t) {
  const size_t count = std::min(size, ring.bytes.size());
  for (size_t i = 0; i < count; ++i) {
    static_cast<uint8_t*>(into)[i] = ring.bytes.front();
    ring.bytes.pop_front();
  }
  return count;
}

esp_err_t gpio_config(const gpio_config_t*) { return ESP_OK; }
int gpio_get_level(gpio_num_t pin) { return chip.levels[pin]; }
esp_err_t gpio_set_level(gpio_num_t pin, uint32_t level) {
  chip.levels[pin] = static_cast<int>(level);
  return ESP_OK;
}
esp_err_t gpio_set_pull_mode(gpio_num_t, gpio_pull_mode_t) { return ESP_OK; }
esp_err_t gpio_set_intr_type(gpio_num_t, gpio_int_type_t) { return ESP_OK; }
esp_err_t gpio_install_isr_service(int) { return ESP_OK; }
esp_err_t gpio_isr_handler_add(gpio_num_t pin, gpio_isr_t handler, void* argument) {
  chip.handlers[pin] = {handler, argument};
  return ESP_OK;
}
esp_err_t gpio_isr_handler_remove(gpio_num_t pin) {
  chip.handlers.erase(pin);
  return ESP_OK;
}

esp_err_t pcnt_new_unit(const pcnt_unit_config_t* config, pcnt_unit_handle_t* made) {
  // The register has 16 bits.
  if (config->high_limit > INT16_MAX || config->low_limit < INT16_MIN) return ESP_FAIL;
  chip.pulse_limit = config->high_limit;
  chip.pulses_accumulate = config->flags.accum_count != 0;
  *made = &unit;
  return ESP_OK;
}
esp_err_t pcnt_unit_set_glitch_filter(pcnt_unit_handle_t, const pcnt_glitch_filter_config_t* config) {
  // 1,023 cycles of an 80 MHz clock.
  return config->max_glitch_ns <= 12'787 ? ESP_OK : ESP_FAIL;
}
esp_err_t pcnt_new_channel(pcnt_unit_handle_t, const pcnt_chan_config_t*, pcnt_channel_handle_t* made) {
  *made = &channel;
  return ESP_OK;
}
esp_err_t pcnt_channel_set_edge_action(pcnt_channel_handle_t, pcnt_channel_edge_action_t, pcnt_channel_edge_action_t) {
  return ESP_OK;
}
esp_err_t pcnt_unit_add_watch_point(pcnt_unit_handle_t, int value) {
  chip.watches_limit = chip.watches_limit || value == chip.pulse_limit;
  return ESP_OK;
}
esp_err_t pcnt_unit_enable(pcnt_unit_handle_t) { return ESP_OK; }
esp_err_t pcnt_unit_clear_count(pcnt_unit_handle_t) {
  chip.pulse_register = chip.pulse_sum = 0;
  return ESP_OK;
}
esp_err_t pcnt_unit_start(pcnt_unit_handle_t) { return ESP_OK; }
esp_err_t pcnt_unit_get_count(pcnt_unit_handle_t, int* value) {
  *value = chip.pulse_sum + chip.pulse_register;
  return ESP_OK;
}

esp_err_t uart_driver_install(uart_port_t, int, int, int, QueueHandle_t*, int) { return ESP_OK; }
esp_err_t uart_param_config(uart_port_t, const uart_config_t*) { return ESP_OK; }
int uart_write_bytes(uart_port_t, const void* bytes, size_t size) {
  const size_t count = std::min(size, chip.taken_at_a_time);
  chip.sent.append(static_cast<const char*>(bytes), count);
  return static_cast<int>(count);
}
int uart_read_bytes(uart_port_t, void* into, uint32_t length, TickType_t) {
  const size_t count = std::min<size_t>(length, chip.received.size());
  memcpy(into, chip.received.data(), count);
  chip.received.erase(0, count);
  return static_cast<int>(count);
}
esp_err_t uart_wait_tx_done(uart_port_t, TickType_t) { return ESP_OK; }
void uart_set_select_notif_callback(uart_port_t, uart_select_notif_callback_t callback) {
  chip.on_uart_news = callback;
}

esp_err_t esp_event_handler_register(esp_event_base_t, int32_t, esp_event_handler_t handler, void* argument) {
  chip.event_handlers.emplace_back(handler, argument);
  return ESP_OK;
}
esp_netif_t* esp_netif_new(const esp_netif_config_t*) { return &netif; }
esp_err_t esp_netif_attach(esp_netif_t*, void*) { return ESP_OK; }
bool esp_netif_is_netif_up(esp_netif_t*) { return chip.is_ethernet_started; }
esp_eth_mac_t* esp_eth_mac_new_openeth(const eth_mac_config_t*) { return nullptr; }
esp_eth_phy_t* esp_eth_phy_new_dp83848(const eth_phy_config_t* config) {
  chip.phy_reset_pin = config->reset_gpio_num;
  return nullptr;
}
esp_err_t esp_eth_driver_install(const esp_eth_config_t*, esp_eth_handle_t*) { return ESP_OK; }
void* esp_eth_new_netif_glue(esp_eth_handle_t) { return nullptr; }
esp_err_t esp_eth_start(esp_eth_handle_t) {
  chip.is_ethernet_started = true;
  return ESP_OK;
}
esp_netif_t* esp_netif_create_default_wifi_sta() { return &netif; }
esp_err_t esp_wifi_init(const wifi_init_config_t*) { return ESP_OK; }
esp_err_t esp_wifi_set_storage(wifi_storage_t storage) { return storage == WIFI_STORAGE_RAM ? ESP_OK : ESP_FAIL; }
esp_netif_t* esp_netif_create_default_wifi_ap() { return &netif; }
esp_err_t esp_netif_get_ip_info(esp_netif_t*, esp_netif_ip_info_t* info) {
  *info = {};
  info->ip.addr = chip.address;
  return ESP_OK;
}
esp_err_t esp_wifi_set_mode(wifi_mode_t mode) {
  chip.mode = mode;
  return ESP_OK;
}
esp_err_t esp_wifi_set_ps(wifi_ps_type_t type) {
  if (chip.ps_result == ESP_OK) chip.modem_sleep = type == WIFI_PS_MIN_MODEM;
  return chip.ps_result;
}
esp_err_t esp_pm_configure(const void* config) {
  if (chip.pm_result != ESP_OK) return chip.pm_result;
  const auto& wanted = *static_cast<const esp_pm_config_t*>(config);
  chip.min_mhz = wanted.min_freq_mhz;
  chip.max_mhz = wanted.max_freq_mhz;
  chip.light_sleep = wanted.light_sleep_enable;
  return ESP_OK;
}
void brownout_hal_config(const brownout_hal_config_t* config) {
  chip.brownout_threshold = config->enabled ? config->threshold : -1;
}
esp_err_t esp_wifi_start() {
  chip.radio_calls.emplace_back("start");
  return ESP_OK;
}
esp_err_t esp_wifi_set_config(wifi_interface_t interface, wifi_config_t* config) {
  if (interface == WIFI_IF_AP) {
    const auto* name = reinterpret_cast<const char*>(config->ap.ssid);
    chip.radio_calls.emplace_back("access point " + std::string(name, config->ap.ssid_len));
    return ESP_OK;
  }
  if (!chip.config_results.empty()) {
    const esp_err_t result = chip.config_results.front();
    chip.config_results.pop_front();
    if (result != ESP_OK) return result;
  }
  const auto* ssid = reinterpret_cast<const char*>(config->sta.ssid);
  chip.radio_calls.emplace_back("config " + std::string(ssid, strnlen(ssid, sizeof config->sta.ssid)));
  return ESP_OK;
}
esp_err_t esp_wifi_connect() {
  chip.radio_calls.emplace_back("connect");
  return ESP_OK;
}
esp_err_t esp_wifi_disconnect() {
  chip.radio_calls.emplace_back("disconnect");
  return chip.disconnect_result;
}
esp_err_t esp_wifi_sta_get_ap_info(wifi_ap_record_t* record) {
  *record = {};
  record->rssi = -51;
  record->primary = 11;
  record->bssid[5] = 7;
  return chip.is_associated ? ESP_OK : ESP_FAIL;
}
esp_err_t esp_wifi_scan_start(const wifi_scan_config_t*, bool) {
  chip.radio_calls.emplace_back("scan");
  return ESP_OK;
}
esp_err_t esp_wifi_scan_stop() {
  chip.radio_calls.emplace_back("scan_stop");
  return ESP_OK;
}
esp_err_t esp_wifi_scan_get_ap_records(uint16_t* number, wifi_ap_record_t* records) {
  *number = 1;
  records[0] = {};
  memcpy(records[0].ssid, "net", 3);
  records[0].rssi = -70;
  records[0].primary = 1;
  return ESP_OK;
}

const esp_partition_t* esp_partition_find_first(esp_partition_type_t, esp_partition_subtype_t, const char* label) {
  return strcmp(label, chip.partition.label) == 0 ? &chip.partition : nullptr;
}
esp_err_t esp_partition_mmap(const esp_partition_t*, size_t offset, size_t, esp_partition_mmap_memory_t,
                             const void** out_ptr, esp_partition_mmap_handle_t* out_handle) {
  *out_ptr = chip.flash.data() + offset;
  *out_handle = 1;
  return ESP_OK;
}
esp_err_t esp_partition_read(const esp_partition_t*, size_t offset, void* into, size_t size) {
  memcpy(into, chip.flash.data() + offset, size);
  return ESP_OK;
}
esp_err_t esp_partition_write(const esp_partition_t*, size_t offset, const void* from, size_t size) {
  for (size_t i = 0; i < size; ++i) chip.flash[offset + i] &= static_cast<const uint8_t*>(from)[i];
  return ESP_OK;
}
esp_err_t esp_partition_erase_range(const esp_partition_t*, size_t offset, size_t size) {
  std::fill_n(chip.flash.begin() + static_cast<std::ptrdiff_t>(offset), size, uint8_t{0xff});
  return ESP_OK;
}

esp_err_t esp_netif_sntp_init(const esp_sntp_config_t* config) {
  if (chip.sntp_result == ESP_OK) chip.sntp = *config;
  ++chip.sntp_starts;
  return chip.sntp_result;
}
void esp_netif_sntp_deinit() { chip.sntp = {}; }
void sys_lock_tcpip_core() {}
void sys_unlock_tcpip_core() {}

namespace {

esp_err_t update_call(const std::string& name) {
  chip.update_calls.push_back(name);
  const auto result = chip.update_results.find(name);
  return result == chip.update_results.end() ? ESP_OK : result->second;
}

}  // namespace

const esp_partition_t* esp_ota_get_next_update_partition(const esp_partition_t*) { return &chip.partition; }
esp_err_t esp_ota_begin(const esp_partition_t*, size_t image_size, esp_ota_handle_t* out_handle) {
  *out_handle = 7;
  return update_call(image_size == OTA_WITH_SEQUENTIAL_WRITES ? "begin" : "begin with an erase of all");
}
esp_err_t esp_ota_write(esp_ota_handle_t, const void* data, size_t size) {
  chip.image.append(static_cast<const char*>(data), size);
  return update_call("write");
}
esp_err_t esp_ota_end(esp_ota_handle_t) { return update_call("end"); }
esp_err_t esp_ota_abort(esp_ota_handle_t) { return update_call("abort"); }
esp_err_t esp_ota_set_boot_partition(const esp_partition_t*) { return update_call("choose"); }
