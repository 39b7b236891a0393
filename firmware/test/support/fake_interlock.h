#pragma once

#include "features/board/pins.h"
#include "port/interlock.h"
#include "port/waker.h"
#include "support/fake_gpio.h"

namespace pb {

/// The interlock between two pins in memory.
class FakeInterlock final : public Interlock {
 public:
  FakeInterlock(FakeGpio& gpio, Waker& waker) : gpio_(gpio), waker_(waker) {}

  int armed = 0;

  void arm() override {
    ++armed;
    gpio_.configure(pins::kEmergencyStop, PinMode::input_pull_up);
    open();
    gpio_.attach(pins::kEmergencyStop,
                 {[](void* self, int, bool level) { static_cast<FakeInterlock*>(self)->on_stop_edge(level); }, this});
    trips_ = pressed() ? 1 : 0;
  }
  bool close() override {
    if (tripped()) return false;
    gpio_.write(pins::kContactor, true);
    return true;
  }
  void open() override { gpio_.write(pins::kContactor, false); }
  bool closed() const override { return gpio_.read(pins::kContactor); }
  bool pressed() const override { return gpio_.read(pins::kEmergencyStop); }
  bool tripped() const override { return pressed() || trips_ != 0; }
  uint32_t take_trips() override {
    const uint32_t trips = trips_;
    trips_ = 0;
    return trips;
  }

 private:
  void on_stop_edge(bool pressed) {
    if (pressed) {
      ++trips_;
      open();
    }
    waker_.wake();
  }

  FakeGpio& gpio_;
  Waker& waker_;
  uint32_t trips_ = 0;
};

}  // namespace pb
