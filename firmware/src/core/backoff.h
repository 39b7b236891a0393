#pragma once

#include "core/time.h"
#include "port/rng.h"

namespace pb {

/// Waiting times that double up to a limit, each shortened by up to half at random, so that many devices that lost
/// the same server do not come back at the same moment.
class Backoff {
 public:
  Backoff(Rng& rng, Millis initial, Millis maximum)
      : rng_(rng), initial_(initial), maximum_(maximum), ceiling_(initial) {}

  /// The next waiting time, between half the ceiling and the ceiling; then the ceiling doubles.
  Millis next() {
    Millis ceiling = earlier(ceiling_, maximum_);
    ceiling_ = earlier(ceiling * 2, maximum_);
    Millis half = ceiling / 2;
    return ceiling - (half == 0 ? 0 : rng_.next() % (half + 1));
  }
  /// What the next waiting time cannot exceed.
  Millis ceiling() const { return earlier(ceiling_, maximum_); }
  void reset() { ceiling_ = initial_; }
  void configure(Millis initial, Millis maximum) {
    initial_ = initial;
    maximum_ = maximum;
    ceiling_ = initial;
  }

 private:
  Rng& rng_;
  Millis initial_;
  Millis maximum_;
  Millis ceiling_;
};

}  // namespace pb
