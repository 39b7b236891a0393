#include "port/posix/posix_power.h"

namespace pb::posix {

namespace {

/// The levels of an ESP32, in mV. ESP-IDF: Kconfig reference, ESP_BROWNOUT_DET_LVL_SEL.
constexpr uint32_t kLevels[] = {2430, 2480, 2580, 2620, 2670, 2700, 2770, 2800};
constexpr int kFullMhz = 160;
constexpr int kIdleMhz = 80;

}  // namespace

uint32_t PosixPower::set_brownout(uint32_t millivolts) {
  brownout_mv_ = kLevels[sizeof kLevels / sizeof *kLevels - 1];
  for (const uint32_t level : kLevels) {
    if (level < millivolts) continue;
    brownout_mv_ = level;
    break;
  }
  report();
  return brownout_mv_;
}

void PosixPower::report() {
  const bool is_radio_on = network_.state() != NetworkState::down;
  const char* radio = !is_radio_on ? "off" : mode_.modem_sleep ? "sleep" : "on";
  link_.send_power(mode_.cpu_scaling ? kIdleMhz : kFullMhz, radio, mode_.light_sleep, brownout_mv_);
}

}  // namespace pb::posix
