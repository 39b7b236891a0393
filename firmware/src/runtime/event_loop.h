#pragma once

#include <stddef.h>

#include "core/time.h"
#include "port/clock.h"
#include "runtime/feature.h"

namespace pb {

/// Polls a fixed set of features in the order added and keeps account of the time that takes.
class EventLoop {
 public:
  static constexpr size_t kMaxFeatures = 24;
  /// A poll longer than this delays everybody else and is reported.
  static constexpr Micros kSlowPoll = 50'000;

  /// Told about a poll that took longer than kSlowPoll.
  struct SlowPollListener {
    void (*call)(void* context, const char* feature, Micros took) = nullptr;
    void* context = nullptr;
  };

  EventLoop(const Clock& clock, SlowPollListener listener) : clock_(clock), listener_(listener) {}

  /// @return false when kMaxFeatures are in already.
  bool add(Feature& feature);
  /// Polls every feature once. @return the earliest of their deadlines.
  Millis run_once();

  /// Rounds since the start.
  uint32_t rounds() const { return rounds_; }
  /// The longest round since the last call, which starts the measurement afresh.
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
