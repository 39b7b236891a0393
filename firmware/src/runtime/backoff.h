#pragma once

#include "core/time.h"
#include "port/rng.h"

namespace pb {

/// How long to wait before the next attempt: doubling, with a cap, and with jitter, so that a thousand charge points
/// that lost their CSMS together do not come back together.
class Backoff {
 public:
  /// @return the wait in milliseconds before the next attempt: between half of the step and the whole of it, where the
  /// step is `initial` at first and doubles with each call up to `maximum`.
  Millis next(Rng& rng, Millis initial, Millis maximum) {
    if (step_ < initial) step_ = initial;
    if (step_ > maximum) step_ = maximum;
    const Millis half = step_ / 2;
    const Millis wait = half + rng.next() % (step_ - half + 1);
    step_ = step_ > maximum / 2 ? maximum : step_ * 2;
    return wait;
  }
  /// The attempt was good: the next failure starts from the beginning.
  void reset() { step_ = 0; }

 private:
  Millis step_ = 0;
};

}  // namespace pb
