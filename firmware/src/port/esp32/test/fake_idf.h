#pragma once

#include <stdint.h>

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "driver/gpio.h"
#include "driver/uart_select.h"
#include "esp_event.h"
#include "esp_netif_sntp.h"
#include "esp_partition.h"
#include "freertos/task.h"

/// A chip without time or tasks, as the stubs' functions see it. The test takes the part of the hardware: it drives
/// pins, raises events and runs the steps of tasks.
struct FakeIdf {
  // Time and the loop's task.
  int64_t now_us = 0;
  int notifications = 0;
  std::vector<TickType_t> sleeps;

  // Pins.
  std::map<int, int> levels;
  std::map<int, std::pair<gpio_isr_t, void*>> handlers;
  /// Changes an input and runs its handler, as an edge does.
  void edge(int pin, int level);
  /// A pulse that is over before its handler runs.
  void short_pulse(int pin);

  // The pulse counter.
  int pulse_limit = 0;
  bool pulses_accumulate = false;
  bool watches_limit = false;
  int pulse_register = 0;
  int pulse_sum = 0;
  void pulse();

  // The UART: the bytes that it has sent, and how many it takes at a time.
  std::string sent;
  size_t taken_at_a_time = SIZE_MAX;
  std::string received;
  uart_select_notif_callback_t on_uart_news = nullptr;

  // The radio and the events.
  std::vector<std::string> radio_calls;
  esp_err_t disconnect_result = ESP_OK;
  /// The results of the next calls of esp_wifi_set_config; all further calls return ESP_OK.
  std::deque<esp_err_t> config_results;
  bool is_associated = true;
  uint32_t address = 0x0204A8C0;  ///< 192.168.4.2 in the order of the network
  int mode = 0;
  std::vector<std::pair<esp_event_handler_t, void*>> event_handlers;
  void event(esp_event_base_t base, int32_t id, void* data = nullptr);
  void disconnected(uint8_t reason);
  /// Tasks that were created and have not run: each is called once.
  std::vector<std::pair<TaskFunction_t, void*>> started;
  void run_started();
  /// The names of tasks that run.
  std::set<std::string> running;

  // Ethernet: the pin that the driver drives as the reset line of the PHY, or -1.
  int phy_reset_pin = -1;
  bool is_ethernet_started = false;

  // The clock, the radio's sleep, and the detector of a brown-out.
  int min_mhz = 0;
  int max_mhz = 0;
  bool light_sleep = false;
  esp_err_t pm_result = ESP_OK;
  bool modem_sleep = true;
  esp_err_t ps_result = ESP_OK;
  int brownout_threshold = -1;

  // The client of SNTP: the pointers that it has been given, and how often it was started.
  esp_sntp_config_t sntp = {};
  int sntp_starts = 0;
  esp_err_t sntp_result = ESP_OK;

  // The update: its calls, the bytes of the image, and the result of the next call that fails.
  std::vector<std::string> update_calls;
  std::string image;
  std::map<std::string, esp_err_t> update_results;

  // A partition of two sectors.
  std::vector<uint8_t> flash = std::vector<uint8_t>(8192, 0xff);
  esp_partition_t partition{0, 8192, 4096, "storage"};
};

/// The chip of the test that runs.
extern FakeIdf chip;
