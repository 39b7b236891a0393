#pragma once

#include <esp_random.h>

#include "port/rng.h"

namespace pb::esp32 {

/// The hardware's generator. It is unpredictable while the radio is on. A build without a radio needs another source of
/// noise, which main/esp32 turns on. ESP-IDF: API reference, System, "Random Number Generation".
class EspRng final : public Rng {
 public:
  uint32_t next() override { return esp_random(); }
};

}  // namespace pb::esp32
