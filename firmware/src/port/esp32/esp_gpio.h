#pragma once

#include <driver/gpio.h>
#include <soc/soc_caps.h>

#include "port/esp32/pulse_counter.h"
#include "port/gpio.h"

namespace pb::esp32 {

/// ESP-IDF: API reference, Peripherals, "GPIO & RTC GPIO".
class EspGpio final : public Gpio {
 public:
  EspGpio();
  EspGpio(const EspGpio&) = delete;
  EspGpio& operator=(const EspGpio&) = delete;

  void configure(int pin, PinMode mode) override;
  bool read(int pin) const override { return gpio_get_level(static_cast<gpio_num_t>(pin)) != 0; }
  void write(int pin, bool level) override { gpio_set_level(static_cast<gpio_num_t>(pin), level ? 1 : 0); }

  /// One pin at most.
  void count_pulses(int pin) override { pulses_.start(pin); }
  uint32_t pulses(int pin) const override { return pulses_.pin() == pin ? pulses_.count() : 0; }

 private:
  PulseCounter pulses_;
};

}  // namespace pb::esp32
