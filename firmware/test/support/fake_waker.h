#pragma once

#include "port/waker.h"
#include "support/fake_clock.h"

namespace pb {

/// Sleeping advances the clock to the deadline unless wake() was called before.
class FakeWaker final : public Waker {
 public:
  explicit FakeWaker(FakeClock& clock) : clock_(clock) {}

  int wakes = 0;

  void sleep_until(Millis deadline) override {
    if (!woken_ && deadline != kNever && deadline > clock_.now()) clock_.set(deadline);
    woken_ = false;
  }
  void wake() override {
    woken_ = true;
    ++wakes;
  }

 private:
  FakeClock& clock_;
  bool woken_ = false;
};

}  // namespace pb
