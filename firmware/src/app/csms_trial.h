#pragma once

#include "features/charge_point/charge_point.h"
#include "features/config/trial_timer.h"
#include "features/websocket/connection.h"
#include "features/wifi/wifi.h"
#include "runtime/feature.h"

namespace pb {

/// Decides whether a changed address or protection of the CSMS works: it works if the CSMS has answered
/// BootNotification with Accepted or Pending on a new connection.
class CsmsTrial final : public Feature {
 public:
  /// The time in which the CSMS must answer. It counts only while there is a network, because without a network nothing
  /// is known about the CSMS.
  static constexpr Millis kLimit = 120'000;

  CsmsTrial(Config& config, const Connection& connection, const ChargePoint& charge_point, const Wifi& wifi)
      : timer_(config, Trial::csms, kLimit), connection_(connection), charge_point_(charge_point), wifi_(wifi) {}

  /// Begins the time of the trial again, after another change.
  void restart() { timer_.restart(); }

  const char* name() const override { return "csms_trial"; }
  Millis poll(Millis now) override {
    return timer_.poll(now, connection_.is_current() && charge_point_.registered(), wifi_.up());
  }

 private:
  TrialTimer timer_;
  const Connection& connection_;
  const ChargePoint& charge_point_;
  const Wifi& wifi_;
};

}  // namespace pb
