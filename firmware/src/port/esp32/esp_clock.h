#pragma once

#include <esp_timer.h>

#include "port/clock.h"

namespace pb::esp32 {

/// Microseconds since the boot. ESP-IDF: API reference, System, "ESP Timer".
class EspClock final : public Clock {
 public:
  Micros now_us() const override { return static_cast<Micros>(esp_timer_get_time()); }
};

}  // namespace pb::esp32
