#pragma once

#include <stdint.h>

namespace pb {

/// The ways in which a chip saves energy.
struct PowerMode {
  /// The CPU's clock falls while no task runs. UART, timers and pulse counter keep their clock.
  bool cpu_scaling = false;
  /// The radio sleeps between the beacons of its access point, so packets arrive late, by a beacon interval or more.
  bool modem_sleep = false;
  /// The chip stops while no task runs. Meanwhile bytes of the UART, pulses and edges of pins are lost.
  bool light_sleep = false;

  bool operator==(const PowerMode& other) const {
    return cpu_scaling == other.cpu_scaling && modem_sleep == other.modem_sleep && light_sleep == other.light_sleep;
  }
  bool operator!=(const PowerMode& other) const { return !(*this == other); }
};

/// The chip's energy: its clock, its radio's sleep, and the detector of a low supply voltage.
class Power {
 public:
  /// Applies a mode at once. A radio that has not started ignores its part, so call this again when the link changes.
  /// @return false when the platform has rejected a part of the mode; the other parts apply
  virtual bool apply(const PowerMode& mode) = 0;
  /// Sets the supply voltage below which the chip resets itself (ResetReason::brownout), to the chip's lowest level
  /// that is not below `millivolts`; if all levels are below, to the highest. @return the level in mV, 0 without a
  /// detector
  virtual uint32_t set_brownout(uint32_t millivolts) = 0;

 protected:
  ~Power() = default;
};

}  // namespace pb
