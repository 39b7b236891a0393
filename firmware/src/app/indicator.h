#pragma once

#include "features/charge_point/charge_point.h"
#include "features/charging/charging.h"
#include "features/config/config.h"
#include "features/led_status/led_status.h"
#include "features/safety/safety.h"
#include "features/wifi/wifi.h"
#include "runtime/feature.h"

namespace pb {

/// Sets the lights from the states of other features. Polled after them and before the lights.
class Indicator final : public Feature {
 public:
  Indicator(const Safety& safety, const Wifi& wifi, const Connection& connection, const ChargePoint& charge_point,
            const Charging& charging, const Config& config, LedStatus& lights)
      : safety_(safety),
        wifi_(wifi),
        connection_(connection),
        charge_point_(charge_point),
        charging_(charging),
        config_(config),
        lights_(lights) {}

  const char* name() const override { return "indicator"; }
  Millis poll(Millis) override {
    LedState state;
    state.status = status_light(charging_.status());
    if (connection_.connected()) {
      state.network = accepted_light();
    } else if (wifi_.up()) {
      state.network = NetworkLight::link;
    }
    if (safety_.stop_pressed()) {
      state.fault = FaultLight::emergency_stop;
    } else if (charging_.error_code() != "NoError" || config_.state() == ConfigState::lost) {
      state.fault = FaultLight::error;
    }
    lights_.show(state);
    return kNever;
  }

 private:
  NetworkLight accepted_light() const {
    if (!charge_point_.accepted()) return NetworkLight::connected;
    return charge_point_.reporting() == Reporting::possible ? NetworkLight::accepted : NetworkLight::unreported;
  }
  static StatusLight status_light(ConnectorStatus status) {
    switch (status) {
      case ConnectorStatus::available:
        return StatusLight::available;
      case ConnectorStatus::preparing:
        return StatusLight::preparing;
      case ConnectorStatus::charging:
        return StatusLight::charging;
      case ConnectorStatus::suspended_ev:
      case ConnectorStatus::suspended_evse:
        return StatusLight::suspended;
      case ConnectorStatus::finishing:
        return StatusLight::finishing;
      case ConnectorStatus::unavailable:
      case ConnectorStatus::faulted:
        return StatusLight::out_of_order;
    }
    return StatusLight::out_of_order;
  }

  const Safety& safety_;
  const Wifi& wifi_;
  const Connection& connection_;
  const ChargePoint& charge_point_;
  const Charging& charging_;
  const Config& config_;
  LedStatus& lights_;
};

}  // namespace pb
