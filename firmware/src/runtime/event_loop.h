#pragma once

#include <stddef.h>

#include "core/time.h"
#include "port/clock.h"
#include "runtime/feature.h"

namespace pb {

/// Polls a fixed set of features in the order of adding, and measures the time of each.
class EventLoop {
 public:
  static constexpr size_t kMaxFeatures = 28;
  /// A longer poll delays all other features and is reported.
  static constexpr Micros kSlowPoll = 50'000;

  /// Receives polls that took longer than kSlowPoll.
  struct SlowPollListener {
    void (*call)(void* context, const char* feature, Micros took) = nullptr;
    void* context = nullptr;
  };

  EventLoop(const Clock& clock, SlowPollListener listener) : clock_(clock), listener_(listener) {}

  /// Adds a feature, at start-up; at most kMaxFeatures.
  void add(Feature& feature);
  /// Polls every feature once. @return the earliest of their deadlines.
  Millis run_once();

  /// Rounds since the boot.
  uint32_t rounds() const { return rounds_; }
  /// Returns the longest round since the last call, and restarts the measurement.
  Micros take_longest_round();

  /// The upper limits of the buckets of turns(); the last bucket has no limit.
  static constexpr Micros kTurnLimits[] = {1'000, 5'000, 20'000, kSlowPoll};
  static constexpr size_t kTurnBuckets = sizeof kTurnLimits / sizeof *kTurnLimits + 1;

  size_t features() const { return count_; }
  /// @param index below features()
  const char* name_of(size_t index) const { return features_[index]->name(); }
  /// The time that a feature has taken since the boot.
  Micros spent(size_t index) const { return spent_[index]; }
  /// The time that all features have taken since the boot.
  Micros busy() const { return busy_; }
  /// Rounds since the boot by their duration.
  uint32_t turns(size_t bucket) const { return turns_[bucket]; }

 private:
  const Clock& clock_;
  SlowPollListener listener_;
  Feature* features_[kMaxFeatures] = {};
  size_t count_ = 0;
  uint32_t rounds_ = 0;
  Micros longest_round_ = 0;
  Micros spent_[kMaxFeatures] = {};
  Micros busy_ = 0;
  uint32_t turns_[kTurnBuckets] = {};
};

}  // namespace pb
