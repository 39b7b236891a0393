#pragma once

#include "features/config/config.h"

namespace pb {

/// The time in which changed settings of a group must work. If they do not work in time, the previous values return.
/// The owner of the group decides whether they work.
class TrialTimer {
 public:
  TrialTimer(Config& config, Trial group, Millis limit) : config_(config), group_(group), limit_(limit) {}

  /// Begins the time again, after another change.
  void restart() { used_ = 0; }
  /// @param works whether the present values work  @param counts whether the time counts from now on
  /// @return the deadline of the next call
  Millis poll(Millis now, bool works, bool counts) {
    const Millis since = counted_;
    counted_ = now;
    if (works && !config_.proven(group_)) config_.keep(group_);
    if (!config_.on_trial(group_)) {
      used_ = 0;
      counted_before_ = false;
      return kNever;
    }
    if (counted_before_) used_ += now - since;
    counted_before_ = counts;
    if (used_ < limit_) return counts ? now + limit_ - used_ : kNever;
    if (!config_.revert(group_)) return now + kBusyRetry;
    used_ = 0;
    return now + limit_;
  }

 private:
  static constexpr Millis kBusyRetry = 1'000;

  Config& config_;
  const Trial group_;
  const Millis limit_;
  Millis counted_ = 0;
  Millis used_ = 0;
  bool counted_before_ = false;
};

}  // namespace pb
