#pragma once

#include "core/time.h"
#include "port/rng.h"

namespace pb {

/// Exponential backoff with a limit and jitter, so that a thousand charge points that lost their CSMS together do not
/// reconnect together.
class Backoff {
 public:
  /// @return the pause before the next attempt in ms, between half of the step and the whole step. The step is
  /// `initial` at first and doubles with each call, up to `maximum`.
  Millis next(Rng& rng, Millis initial, Millis maximum) {
    if (step_ < initial) step_ = initial;
    if (step_ > maximum) step_ = maximum;
    const Millis half = step_ / 2;
    const Millis wait = half + rng.next() % (step_ - half + 1);
    step_ = step_ > maximum / 2 ? maximum : step_ * 2;
    return wait;
  }
  /// Starts again with the initial step, after a successful attempt.
  void reset() { step_ = 0; }

 private:
  Millis step_ = 0;
};

}  // namespace pb
