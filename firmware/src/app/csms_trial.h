#pragma once

#include "features/charge_point/charge_point.h"
#include "features/config/config.h"
#include "features/websocket/connection.h"
#include "features/wifi/wifi.h"
#include "runtime/feature.h"

namespace pb {

/// Decides whether a changed address or protection of the CSMS works: it does once the CSMS has accepted the device on
/// a new connection. Otherwise the settings from before return.
class CsmsTrial final : public Feature {
 public:
  /// Time with a network; without one nothing is known about the CSMS.
  static constexpr Millis kLimit = 120'000;

  CsmsTrial(Config& config, const Connection& connection, const ChargePoint& charge_point, const Wifi& wifi,
            Logger& log)
      : config_(config), connection_(connection), charge_point_(charge_point), wifi_(wifi), log_(log) {}

  /// Begins the time of the trial again, after another change.
  void restart() { used_ = 0; }

  const char* name() const override { return "csms_trial"; }
  Millis poll(Millis now) override {
    const Millis since = counted_;
    counted_ = now;
    if (connection_.is_current() && charge_point_.registered() && !config_.proven(Trial::csms)) {
      if (config_.on_trial(Trial::csms)) log_.info("csms", "the changed settings of the connection work");
      config_.keep(Trial::csms);
    }
    if (!config_.on_trial(Trial::csms)) {
      used_ = 0;
      was_up_ = false;
      return kNever;
    }
    if (was_up_) used_ += now - since;
    was_up_ = wifi_.up();
    if (used_ < kLimit) return was_up_ ? now + kLimit - used_ : kNever;
    if (!config_.take_back(Trial::csms)) return now + kRetry;
    log_.warning("csms", "the CSMS was not reached for ", kLimit / 1000,
                 " s with the changed csms_url, identity or security_profile: the ones from before return");
    used_ = 0;
    return now + kLimit;
  }

 private:
  static constexpr Millis kRetry = 1'000;  // while the storage is busy

  Config& config_;
  const Connection& connection_;
  const ChargePoint& charge_point_;
  const Wifi& wifi_;
  Logger& log_;
  Millis counted_ = 0;
  Millis used_ = 0;
  bool was_up_ = false;
};

}  // namespace pb
