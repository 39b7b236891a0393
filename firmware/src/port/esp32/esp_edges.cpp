#include "port/esp32/esp_edges.h"

#include <esp_attr.h>
#include <esp_timer.h>

namespace pb::esp32 {

void EspEdges::watch(int pin, uint32_t quiet_ms) {
  Pin* watched = nullptr;
  for (Pin& place : pins_) {
    const bool is_mine = place.gpio == pin;
    if (is_mine || (place.owner == nullptr && watched == nullptr)) watched = &place;
    if (is_mine) break;
  }
  // This fails if the program watches more than kMaxPins pins: a mistake in the program.
  configASSERT(watched != nullptr);
  const auto gpio = static_cast<gpio_num_t>(pin);
  gpio_isr_handler_remove(gpio);
  watched->owner = this;
  watched->gpio = gpio;
  watched->edges = 0;
  watched->presses = 0;
  watched->quiet_us = Micros{quiet_ms} * 1000;
  watched->has_edge = false;
  watched->was_high = gpio_get_level(gpio) != 0;
  ESP_ERROR_CHECK(gpio_set_intr_type(gpio, GPIO_INTR_ANYEDGE));
  ESP_ERROR_CHECK(gpio_isr_handler_add(gpio, &on_edge, watched));
}

uint32_t EspEdges::count(int pin) const {
  const Pin* watched = find(pin);
  return watched == nullptr ? 0 : watched->edges;
}

uint32_t EspEdges::presses(int pin) const {
  const Pin* watched = find(pin);
  return watched == nullptr ? 0 : watched->presses;
}

const EspEdges::Pin* EspEdges::find(int pin) const {
  for (const Pin& place : pins_) {
    if (place.owner != nullptr && place.gpio == pin) return &place;
  }
  return nullptr;
}

void IRAM_ATTR EspEdges::on_edge(void* pin) {
  Pin& watched = *static_cast<Pin*>(pin);
  // No division and no call through a table: both may lie in flash.
  const auto now = static_cast<Micros>(esp_timer_get_time());
  const bool was_quiet = !watched.has_edge || now - watched.last_edge_us >= watched.quiet_us;
  watched.has_edge = true;
  watched.last_edge_us = now;
  if (was_quiet && !watched.was_high) watched.presses = watched.presses + 1;
  watched.was_high = gpio_get_level(watched.gpio) != 0;
  watched.edges = watched.edges + 1;
  watched.owner->waker_.wake_from_interrupt();
}

}  // namespace pb::esp32
