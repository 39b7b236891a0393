#include "port/esp32/esp_gpio.h"

#include <esp_intr_alloc.h>
#include <esp_log.h>

namespace pb::esp32 {

EspGpio::EspGpio() {
  // The driver logs a line for each configured pin: 100 ms of the console before our first line.
  esp_log_level_set("gpio", ESP_LOG_WARN);
  // Every handler of the port lies in RAM, so all of them may run while flash is erased or programmed.
  ESP_ERROR_CHECK(gpio_install_isr_service(ESP_INTR_FLAG_IRAM));
}

void EspGpio::configure(int pin, PinMode mode) {
  gpio_config_t config{};
  config.pin_bit_mask = uint64_t{1} << static_cast<unsigned>(pin);
  // An output is an input as well, so that read() gives the level on the wire.
  config.mode = mode == PinMode::output ? GPIO_MODE_INPUT_OUTPUT : GPIO_MODE_INPUT;
  config.pull_up_en = mode == PinMode::input_pull_up ? GPIO_PULLUP_ENABLE : GPIO_PULLUP_DISABLE;
  config.pull_down_en = mode == PinMode::input_pull_down ? GPIO_PULLDOWN_ENABLE : GPIO_PULLDOWN_DISABLE;
  config.intr_type = GPIO_INTR_DISABLE;
  ESP_ERROR_CHECK(gpio_config(&config));
}

}  // namespace pb::esp32
