#pragma once

#include "port/system.h"
#include "runtime/feature.h"

namespace pb {

/// Takes a share of the processor's time, as a feature with a fault would. In test builds only.
class TestLoad final : public Feature {
 public:
  /// The work of a period is below EventLoop::kSlowPoll, so that only the measurements show it.
  static constexpr Millis kPeriod = 50;
  static constexpr uint32_t kMaxPermille = 900;

  void use(TestControls& controls) { controls_ = &controls; }
  /// @param permille at most kMaxPermille; 0 stops the load
  void set(uint32_t permille) { permille_ = permille; }

  const char* name() const override { return "load"; }
  Millis poll(Millis now) override {
    if (permille_ == 0) return kNever;
    if (now < next_) return next_;
    next_ = now + kPeriod;
    controls_->work_for(Micros{permille_} * kPeriod);  // permille of milliseconds are microseconds
    return next_;
  }

 private:
  TestControls* controls_ = nullptr;
  uint32_t permille_ = 0;
  Millis next_ = 0;
};

}  // namespace pb
