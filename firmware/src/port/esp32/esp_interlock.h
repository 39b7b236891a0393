#pragma once

#include <driver/gpio.h>
#include <freertos/FreeRTOS.h>

#include "port/esp32/esp_gpio.h"
#include "port/esp32/esp_waker.h"
#include "port/interlock.h"

namespace pb::esp32 {

/// The handler and all that it calls lie in RAM, so it runs even while flash is erased or programmed.
/// ESP-IDF: API reference, Peripherals, "GPIO & RTC GPIO"; API guides, "SPI Flash API", "IRAM-Safe Interrupt Handlers".
class EspInterlock final : public Interlock {
 public:
  EspInterlock(EspGpio& gpio, EspWaker& waker, int contactor_pin, int stop_pin)
      : gpio_(gpio),
        waker_(waker),
        contactor_pin_(static_cast<gpio_num_t>(contactor_pin)),
        stop_pin_(static_cast<gpio_num_t>(stop_pin)) {}
  EspInterlock(const EspInterlock&) = delete;
  EspInterlock& operator=(const EspInterlock&) = delete;

  void arm() override;
  bool close() override;
  void open() override;
  bool closed() const override { return closed_; }
  bool pressed() const override { return gpio_.read(stop_pin_); }
  bool tripped() const override { return pressed() || trips_ != 0; }
  uint32_t take_trips() override;

 private:
  static void on_stop_edge(void* self);
  void set(bool closed);

  EspGpio& gpio_;
  EspWaker& waker_;
  const gpio_num_t contactor_pin_;
  const gpio_num_t stop_pin_;
  portMUX_TYPE lock_ = portMUX_INITIALIZER_UNLOCKED;  ///< makes the check and the write one step
  volatile bool closed_ = false;
  volatile bool was_pressed_ = false;
  volatile uint32_t trips_ = 0;
};

}  // namespace pb::esp32
