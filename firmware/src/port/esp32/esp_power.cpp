#include "port/esp32/esp_power.h"

#include <esp_err.h>
#include <esp_pm.h>
#include <hal/brownout_hal.h>
#include <sdkconfig.h>
#include <stddef.h>

#if !CONFIG_ETH_USE_OPENETH
#include <esp_wifi.h>
#endif

namespace pb::esp32 {

namespace {

struct BrownoutLevel {
  uint32_t millivolts;
  uint8_t threshold;
};

// From the lowest to the highest voltage. On the C3 a higher voltage has a lower threshold number.
#if CONFIG_IDF_TARGET_ESP32C3
constexpr BrownoutLevel kLevels[] = {{2510, 7}, {2640, 6}, {2760, 5}, {2920, 4}, {3100, 3}, {3270, 2}};
#else
constexpr BrownoutLevel kLevels[] = {{2430, 0}, {2480, 1}, {2580, 2}, {2620, 3},
                                     {2670, 4}, {2700, 5}, {2770, 6}, {2800, 7}};
#endif
constexpr size_t kLevelCount = sizeof kLevels / sizeof *kLevels;

/// The lowest CPU clock at which the APB bus keeps its 80 MHz. The APB bus clocks UART, timers and pulse counter.
constexpr int kIdleMhz = 80;

}  // namespace

bool EspPower::apply(const PowerMode& mode) {
  esp_pm_config_t config = {};
  config.max_freq_mhz = CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ;
  config.min_freq_mhz = mode.cpu_scaling ? kIdleMhz : CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ;
  config.light_sleep_enable = mode.light_sleep;
  const esp_err_t clock = esp_pm_configure(&config);
#if CONFIG_ETH_USE_OPENETH
  return clock == ESP_OK;
#else
  const esp_err_t radio = esp_wifi_set_ps(mode.modem_sleep ? WIFI_PS_MIN_MODEM : WIFI_PS_NONE);
  // Before the first attempt to join, the radio is not started: this is no error. PowerManager applies the mode again
  // when the link changes.
  const bool is_radio_set = radio == ESP_OK || radio == ESP_ERR_WIFI_NOT_INIT;
  return clock == ESP_OK && is_radio_set;
#endif
}

/// ESP-IDF's own handler of the interrupt, which restarts the chip, stays in place: only the level changes.
uint32_t EspPower::set_brownout(uint32_t millivolts) {
#if CONFIG_ESP_BROWNOUT_DET
  size_t level = 0;
  while (level + 1 < kLevelCount && kLevels[level].millivolts < millivolts) ++level;
  brownout_hal_config_t config = {};
  config.threshold = kLevels[level].threshold;
  config.enabled = true;
  config.reset_enabled = false;
  config.flash_power_down = true;
  config.rf_power_down = true;
  brownout_hal_config(&config);
  return kLevels[level].millivolts;
#else
  static_cast<void>(millivolts);
  return 0;
#endif
}

}  // namespace pb::esp32
