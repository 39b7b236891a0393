#pragma once

#include <array>
#include <atomic>
#include <mutex>

#include "port/gpio.h"
#include "port/posix/board_link.h"
#include "port/posix/posix_clock.h"

namespace pb::posix {

/// Pins joined to the virtual board. The thread that takes the board's messages stands for the interrupt controller: it
/// runs handlers and counts pulses.
class PosixGpio final : public Gpio {
 public:
  static constexpr int kPins = 40;

  PosixGpio(BoardLink& link, const PosixClock& clock) : link_(link), clock_(clock) {}

  /// The board drives `pin` to `level`. @return false when there is no such pin.
  bool drive(int pin, bool level);

  void configure(int pin, PinMode mode) override;
  bool read(int pin) const override;
  void write(int pin, bool level) override;
  void attach(int pin, Edge edge, Handler handler, void* context) override;
  void detach(int pin) override;
  void count_pulses(int pin) override;
  uint32_t pulses(int pin) const override;

 private:
  struct Pin {
    std::atomic<bool> level{false};
    std::atomic<bool> driven{false};
    std::atomic<bool> counting{false};
    std::atomic<uint32_t> pulses{0};
    Edge edge = Edge::both;
    Handler handler = nullptr;
    void* context = nullptr;
  };

  Pin& at(int pin) { return pins_[static_cast<size_t>(pin)]; }
  const Pin& at(int pin) const { return pins_[static_cast<size_t>(pin)]; }

  BoardLink& link_;
  const PosixClock& clock_;
  std::array<Pin, kPins> pins_;
  std::mutex handlers_;  ///< held while a handler runs, so that none runs after detach()
  std::mutex outputs_;   ///< keeps messages in the order of the levels
};

}  // namespace pb::posix
