#pragma once

#include "features/board/board.h"
#include "runtime/feature.h"

namespace pb {

/// What the status LED says about the connector.
enum class StatusLight : uint8_t { available, preparing, charging, suspended, finishing, out_of_order };
/// What the network LED says, from the link up to the CSMS.
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

/// A light that repeats: lit for `on_ms` at the start of each period, and a second time `second_ms` into it where that
/// is not 0.
struct LedPattern {
  uint16_t period_ms = 0;  ///< 0: never changes
  uint16_t on_ms = 0;      ///< with period_ms 0: 0 is off, else on
  uint16_t second_ms = 0;

  /// Whether the light is lit `elapsed` milliseconds after the pattern began.
  bool lit(Millis elapsed) const;
  /// When the light changes next, in milliseconds after the pattern began; kNever for a steady one.
  Millis next_change(Millis elapsed) const;
};

LedPattern pattern_of(StatusLight light);
LedPattern pattern_of(NetworkLight light);
LedPattern pattern_of(FaultLight light);

/// Shows the device's state in the LED language of docs/design.md#signals.
class LedStatus final : public Feature {
 public:
  explicit LedStatus(Board& board) : lights_{{board.led_status}, {board.led_network}, {board.led_fault}} {}

  /// What the lights show from the next poll on. A pattern that stays the same goes on without a break.
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
