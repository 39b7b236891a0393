#pragma once

#include "core/span.h"

namespace pb {

/// Memory that a warm reset (software, panic, watchdog) leaves as it is. After a loss of power, a brown-out or a reset
/// by EN its content is arbitrary, so the user validates it by magic number and CRC.
class RetainedRam {
 public:
  /// The ESP32 and the ESP32-C3 have 8,192 bytes of RTC memory, from which ESP-IDF takes some.
  static constexpr size_t kSize = 4'352;

  /// kSize bytes, aligned to 8.
  virtual MutableBytes bytes() = 0;

 protected:
  ~RetainedRam() = default;
};

}  // namespace pb
