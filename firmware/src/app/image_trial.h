#pragma once

#include "features/charge_point/charge_point.h"
#include "features/transactions/transactions.h"
#include "port/system.h"
#include "port/worker.h"
#include "runtime/feature.h"
#include "runtime/restart_request.h"

namespace pb {

/// Confirms the image of an update when a CSMS has accepted it, because then the next update can reach the device. If
/// no CSMS accepts the device in time, the device restarts, and the boot loader returns to the previous image.
class ImageTrial final : public Feature {
 public:
  /// Time for the network, the CSMS and its answer to BootNotification. An open transaction extends this time.
  static constexpr Millis kLimit = 15 * 60'000;

  ImageTrial(System& system, Worker& worker, const ChargePoint& charge_point, const Transactions& transactions,
             RestartRequest restart, Logger& log)
      : system_(system),
        worker_(worker),
        charge_point_(charge_point),
        transactions_(transactions),
        restart_(restart),
        log_(log),
        is_undecided_(system.image_on_trial()) {}

  const char* name() const override { return "image_trial"; }
  Millis poll(Millis now) override {
    if (!is_undecided_) return kNever;
    if (charge_point_.accepted()) {
      // The worker writes to flash; if its queue is full, the next round retries.
      if (!worker_.post(
              {[](void* self) { static_cast<ImageTrial*>(self)->system_.confirm_image(); },
               [](void* self) { static_cast<ImageTrial*>(self)->log_.info("app", "the update is confirmed"); }, this}))
        return now;
      is_undecided_ = false;
      return kNever;
    }
    if (now < kLimit) return kLimit;
    if (transactions_.open()) return now + kPollInterval;
    is_undecided_ = false;
    log_.error("app", "no CSMS has accepted the update in ", kLimit / 60'000,
               " min: restarting with the previous image");
    restart_.call(restart_.context);
    return kNever;
  }

 private:
  static constexpr Millis kPollInterval = 10'000;

  System& system_;
  Worker& worker_;
  const ChargePoint& charge_point_;
  const Transactions& transactions_;
  RestartRequest restart_;
  Logger& log_;
  bool is_undecided_;
};

}  // namespace pb
