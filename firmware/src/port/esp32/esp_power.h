#pragma once

#include "port/power.h"

namespace pb::esp32 {

/// ESP-IDF: API guides, "Power Management"; API reference, "Wi-Fi" (power save); Kconfig, "Brownout Detector".
class EspPower final : public Power {
 public:
  bool apply(const PowerMode& mode) override;
  uint32_t set_brownout(uint32_t millivolts) override;
};

}  // namespace pb::esp32
