#pragma once

#include <driver/gpio.h>
#include <stdint.h>

#include "core/time.h"
#include "port/edges.h"
#include "port/esp32/esp_waker.h"

namespace pb::esp32 {

/// Counts in a handler that lies in RAM. ESP-IDF: API reference, Peripherals, "GPIO & RTC GPIO".
class EspEdges final : public Edges {
 public:
  /// All inputs of a board (features/board/board.h).
  static constexpr size_t kMaxPins = 7;

  explicit EspEdges(EspWaker& waker) : waker_(waker) {}
  EspEdges(const EspEdges&) = delete;
  EspEdges& operator=(const EspEdges&) = delete;

  void watch(int pin, uint32_t quiet_ms) override;
  uint32_t count(int pin) const override;
  uint32_t presses(int pin) const override;

 private:
  struct Pin {
    EspEdges* owner = nullptr;
    gpio_num_t gpio = GPIO_NUM_NC;
    volatile uint32_t edges = 0;    ///< written by the handler alone
    volatile uint32_t presses = 0;  ///< written by the handler alone
    // Used by the handler only, after watch().
    Micros quiet_us = 0;
    Micros last_edge_us = 0;
    bool has_edge = false;  ///< last_edge_us is valid
    bool was_high = false;
  };

  static void on_edge(void* pin);
  const Pin* find(int pin) const;

  EspWaker& waker_;
  Pin pins_[kMaxPins];
};

}  // namespace pb::esp32
