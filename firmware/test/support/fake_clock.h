#pragma once

#include "port/clock.h"

namespace pb {

/// A clock that moves only when a test moves it.
class FakeClock final : public Clock {
 public:
  Micros now_us() const override { return now_us_; }
  void advance_us(Micros us) { now_us_ += us; }
  void advance(Millis ms) { advance_us(ms * 1000); }
  void set(Millis ms) { now_us_ = ms * 1000; }

 private:
  Micros now_us_ = 0;
};

}  // namespace pb
