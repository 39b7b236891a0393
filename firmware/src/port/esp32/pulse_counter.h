#pragma once

#include <soc/soc_caps.h>
#include <stdint.h>

#if SOC_PCNT_SUPPORTED
#include <driver/pulse_cnt.h>
#endif

namespace pb::esp32 {

/// Rising edges of one pin, in 32 bits. The hardware's counter has 16 bits, and the driver adds up its overflows. A
/// chip without a counter (ESP32-C3) takes an interrupt for each pulse, 10 a second at 36 kW with 1,000 pulses a kWh.
/// ESP-IDF: API reference, Peripherals, "Pulse Counter (PCNT)".
class PulseCounter {
 public:
  PulseCounter() = default;
  PulseCounter(const PulseCounter&) = delete;
  PulseCounter& operator=(const PulseCounter&) = delete;

  /// Counts from 0 from now on. Once only.
  void start(int pin);
  /// The pin of start(), or -1.
  int pin() const { return pin_; }
  uint32_t count() const;

 private:
  int pin_ = -1;
#if SOC_PCNT_SUPPORTED
  pcnt_unit_handle_t unit_ = nullptr;
#else
  static void on_pulse(void* self);

  volatile uint32_t pulses_ = 0;  ///< written by the handler alone
#endif
};

}  // namespace pb::esp32
