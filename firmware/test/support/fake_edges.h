#pragma once

#include "port/clock.h"
#include "port/edges.h"
#include "port/waker.h"
#include "support/fake_gpio.h"

namespace pb {

/// Counts the edges of pins in memory.
class FakeEdges final : public Edges {
 public:
  FakeEdges(FakeGpio& gpio, const Clock& clock, Waker& waker) : gpio_(gpio), clock_(clock), waker_(waker) {}

  void watch(int pin, uint32_t quiet_ms) override {
    pins_[pin] = {0, 0, quiet_ms, clock_.now() - quiet_ms, gpio_.read(pin)};
    gpio_.attach(
        pin,
        {[](void* self, int edge_pin, bool level) { static_cast<FakeEdges*>(self)->on_edge(edge_pin, level); }, this});
  }
  uint32_t count(int pin) const override { return pins_[pin].edges; }
  uint32_t presses(int pin) const override { return pins_[pin].presses; }

 private:
  void on_edge(int pin, bool level) {
    Pin& counted = pins_[pin];
    const bool was_quiet = clock_.now() - counted.last_edge >= counted.quiet_ms;
    counted.last_edge = clock_.now();
    if (was_quiet && !counted.was_high) ++counted.presses;
    counted.was_high = level;
    ++counted.edges;
    waker_.wake();
  }

  struct Pin {
    uint32_t edges = 0;
    uint32_t presses = 0;
    uint32_t quiet_ms = 0;
    Millis last_edge = 0;
    bool was_high = false;
  };

  FakeGpio& gpio_;
  const Clock& clock_;
  Waker& waker_;
  Pin pins_[FakeGpio::kPins];
};

}  // namespace pb
