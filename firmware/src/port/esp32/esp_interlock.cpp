#include "port/esp32/esp_interlock.h"

#include <esp_attr.h>

namespace pb::esp32 {

void EspInterlock::arm() {
  gpio_isr_handler_remove(stop_pin_);
  // The output latch may have any level, so set it low before the pin becomes an output.
  gpio_set_level(contactor_pin_, 0);
  gpio_.configure(contactor_pin_, PinMode::output);
  gpio_.configure(stop_pin_, PinMode::input_pull_up);
  open();
  trips_ = 0;
  was_pressed_ = pressed();
  ESP_ERROR_CHECK(gpio_set_intr_type(stop_pin_, GPIO_INTR_ANYEDGE));
  ESP_ERROR_CHECK(gpio_isr_handler_add(stop_pin_, &on_stop_edge, this));
  // A stop that is pressed already makes no edge, so count it here. If it is pressed at this moment, it may count as
  // two trips, which does no harm.
  portENTER_CRITICAL(&lock_);
  if (gpio_get_level(stop_pin_) != 0) trips_ = trips_ + 1;
  portEXIT_CRITICAL(&lock_);
}

bool EspInterlock::close() {
  portENTER_CRITICAL(&lock_);
  const bool may_close = gpio_get_level(stop_pin_) == 0 && trips_ == 0;
  if (may_close) set(true);
  portEXIT_CRITICAL(&lock_);
  return may_close;
}

void EspInterlock::open() {
  portENTER_CRITICAL(&lock_);
  set(false);
  portEXIT_CRITICAL(&lock_);
}

uint32_t EspInterlock::take_trips() {
  portENTER_CRITICAL(&lock_);
  const uint32_t trips = trips_;
  trips_ = 0;
  portEXIT_CRITICAL(&lock_);
  return trips;
}

void IRAM_ATTR EspInterlock::on_stop_edge(void* self) {
  auto& interlock = *static_cast<EspInterlock*>(self);
  portENTER_CRITICAL_ISR(&interlock.lock_);
  const bool is_pressed = gpio_get_level(interlock.stop_pin_) != 0;
  // A press that is shorter than the latency of this interrupt has ended by now, so the level does not show it.
  // Therefore each edge counts as a press if the stop was released before the edge.
  if (is_pressed || !interlock.was_pressed_) {
    interlock.set(false);
    interlock.trips_ = interlock.trips_ + 1;
  }
  interlock.was_pressed_ = is_pressed;
  portEXIT_CRITICAL_ISR(&interlock.lock_);
  interlock.waker_.wake_from_interrupt();
}

void IRAM_ATTR EspInterlock::set(bool closed) {
  closed_ = closed;
  gpio_set_level(contactor_pin_, closed ? 1 : 0);
}

}  // namespace pb::esp32
