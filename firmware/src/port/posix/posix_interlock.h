#pragma once

#include <atomic>
#include <mutex>

#include "port/interlock.h"
#include "port/posix/posix_gpio.h"
#include "port/waker.h"

namespace pb::posix {

/// The interlock between two pins of the virtual board. Its handler runs like all handlers of PosixGpio.
class PosixInterlock final : public Interlock {
 public:
  PosixInterlock(PosixGpio& gpio, Waker& waker, int contactor_pin, int stop_pin)
      : gpio_(gpio), waker_(waker), contactor_pin_(contactor_pin), stop_pin_(stop_pin) {}
  ~PosixInterlock() { gpio_.attach(stop_pin_, {}); }
  PosixInterlock(const PosixInterlock&) = delete;
  PosixInterlock& operator=(const PosixInterlock&) = delete;

  void arm() override;
  bool close() override;
  void open() override;
  bool closed() const override { return closed_.load(); }
  bool pressed() const override { return gpio_.read(stop_pin_); }
  bool tripped() const override { return pressed() || trips_.load() != 0; }
  uint32_t take_trips() override { return trips_.exchange(0); }

 private:
  void on_stop_edge(bool pressed);
  void set(bool closed);

  PosixGpio& gpio_;
  Waker& waker_;
  int contactor_pin_;
  int stop_pin_;
  std::atomic<bool> closed_{false};
  std::atomic<uint32_t> trips_{0};
  std::mutex contactor_;  ///< replaces disabled interrupts: check and write are one step
};

}  // namespace pb::posix
