#pragma once

#include "core/feature.h"
#include "features/led_status/led_status.h"
#include "features/safety/safety.h"
#include "features/wifi/wifi.h"

namespace pb {

/// Tells the lights what the other features have come to. Polled after them and before the lights.
class Indicator final : public Feature {
 public:
  Indicator(const Safety& safety, const Wifi& wifi, LedStatus& lights)
      : safety_(safety), wifi_(wifi), lights_(lights) {}

  const char* name() const override { return "indicator"; }
  Millis poll(Millis) override {
    LedState state;
    if (wifi_.up()) state.network = NetworkLight::link;
    if (safety_.stop_pressed()) state.fault = FaultLight::emergency_stop;
    lights_.show(state);
    return kNever;
  }

 private:
  const Safety& safety_;
  const Wifi& wifi_;
  LedStatus& lights_;
};

}  // namespace pb
