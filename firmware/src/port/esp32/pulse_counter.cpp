#include "port/esp32/pulse_counter.h"

#include <driver/gpio.h>
#include <esp_attr.h>

namespace pb::esp32 {

#if SOC_PCNT_SUPPORTED

namespace {

/// When the counter of the hardware reaches this limit, the driver adds it to the total and restarts it.
constexpr int kLimit = 30'000;
/// The hardware's filter drops shorter pulses; its limit is 12.8 us. It removes spikes only: the board debounces the S0
/// contact.
constexpr uint32_t kGlitchNs = 10'000;

}  // namespace

void PulseCounter::start(int pin) {
  pcnt_unit_config_t unit{};
  unit.low_limit = -kLimit;
  unit.high_limit = kLimit;
  unit.flags.accum_count = 1;
  ESP_ERROR_CHECK(pcnt_new_unit(&unit, &unit_));
  pcnt_glitch_filter_config_t filter{};
  filter.max_glitch_ns = kGlitchNs;
  ESP_ERROR_CHECK(pcnt_unit_set_glitch_filter(unit_, &filter));
  pcnt_chan_config_t wires{};
  wires.edge_gpio_num = pin;
  wires.level_gpio_num = -1;
  pcnt_channel_handle_t channel = nullptr;
  ESP_ERROR_CHECK(pcnt_new_channel(unit_, &wires, &channel));
  ESP_ERROR_CHECK(
      pcnt_channel_set_edge_action(channel, PCNT_CHANNEL_EDGE_ACTION_INCREASE, PCNT_CHANNEL_EDGE_ACTION_HOLD));
  // The driver adds to the total in the interrupt of this watch point.
  ESP_ERROR_CHECK(pcnt_unit_add_watch_point(unit_, kLimit));
  // The driver has changed the pin's pulls.
  ESP_ERROR_CHECK(gpio_set_pull_mode(static_cast<gpio_num_t>(pin), GPIO_PULLDOWN_ONLY));
  ESP_ERROR_CHECK(pcnt_unit_enable(unit_));
  ESP_ERROR_CHECK(pcnt_unit_clear_count(unit_));
  ESP_ERROR_CHECK(pcnt_unit_start(unit_));
  pin_ = pin;
}

uint32_t PulseCounter::count() const {
  int count = 0;
  pcnt_unit_get_count(unit_, &count);
  return static_cast<uint32_t>(count);
}

#else

void PulseCounter::start(int pin) {
  const auto gpio = static_cast<gpio_num_t>(pin);
  pin_ = pin;
  ESP_ERROR_CHECK(gpio_set_intr_type(gpio, GPIO_INTR_POSEDGE));
  ESP_ERROR_CHECK(gpio_isr_handler_add(gpio, &on_pulse, this));
}

uint32_t PulseCounter::count() const { return pulses_; }

void IRAM_ATTR PulseCounter::on_pulse(void* self) {
  auto& counter = *static_cast<PulseCounter*>(self);
  counter.pulses_ = counter.pulses_ + 1;
}

#endif

}  // namespace pb::esp32
