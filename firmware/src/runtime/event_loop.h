#pragma once

#include <stddef.h>

#include "core/time.h"
#include "port/clock.h"
#include "runtime/feature.h"

namespace pb {

/// Polls a fixed set of features in the order of adding, and measures the time of each.
class EventLoop {
 public:
  static constexpr size_t kMaxFeatures = 24;
  /// A longer poll delays all other features and is reported.
  static constexpr Micros kSlowPoll = 50'000;

  /// Receives polls that took longer than kSlowPoll.
  struct SlowPollListener {
    void (*call)(void* context, const char* feature, Micros took) = nullptr;
    void* context = nullptr;
  };

  EventLoop(const Clock& clock, SlowPollListener listener) : clock_(clock), listener_(listener) {}

  /// @return false when there are already kMaxFeatures.
  bool add(Feature& feature);
  /// Polls every feature once. @return the earliest of their deadlines.
  Millis run_once();

  /// Rounds since the boot.
  uint32_t rounds() const { return rounds_; }
  /// The longest round since the last call, which restarts the measurement.
  Micros take_longest_round();

 private:
  const Clock& clock_;
  SlowPollListener listener_;
  Feature* features_[kMaxFeatures] = {};
  size_t count_ = 0;
  uint32_t rounds_ = 0;
  Micros longest_round_ = 0;
};

}  // namespace pb
