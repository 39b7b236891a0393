#pragma once

#include "features/board/board.h"
#include "runtime/feature.h"

namespace pb {

/// The state of the connector, as the status LED shows it.
enum class StatusLight : uint8_t { available, preparing, charging, suspended, finishing, out_of_order };
/// The state of the connection, from the link up to the CSMS, as the network LED shows it.
enum class NetworkLight : uint8_t {
  no_link,
  link,
  connected,
  unreported,  ///< accepted, but a charge cannot be reported
  accepted,
};
enum class FaultLight : uint8_t { none, emergency_stop, error };

struct LedState {
  StatusLight status = StatusLight::out_of_order;
  NetworkLight network = NetworkLight::no_link;
  FaultLight fault = FaultLight::none;
};

/// A periodic pattern: lit for `on_ms` at the start of each period, and a second time from `second_ms` of the period
/// on, unless `second_ms` is 0.
struct LedPattern {
  uint16_t period_ms = 0;  ///< 0: steady
  uint16_t on_ms = 0;      ///< for a steady light: 0 is off, else on
  uint16_t second_ms = 0;

  /// Returns whether the light is lit `elapsed` milliseconds after the start of the pattern.
  bool lit(Millis elapsed) const;
  /// Returns the time of the next change in milliseconds after the start of the pattern; kNever where steady.
  Millis next_change(Millis elapsed) const;
};

LedPattern pattern_of(StatusLight light);
LedPattern pattern_of(NetworkLight light);
LedPattern pattern_of(FaultLight light);

/// Shows the device's state in the LED language of docs/design.md#signals.
class LedStatus final : public Feature {
 public:
  explicit LedStatus(Board& board) : lights_{{board.led_status}, {board.led_network}, {board.led_fault}} {}

  /// Sets the state to show from the next poll on. A pattern that stays the same continues in phase.
  void show(LedState state) { state_ = state; }

  const char* name() const override { return "led_status"; }
  Millis poll(Millis now) override;

 private:
  struct Light {
    Output& output;
    LedPattern pattern = {};
    Millis since = 0;

    Millis show(LedPattern wanted, Millis now);
  };

  LedState state_;
  Light lights_[3];
};

}  // namespace pb
