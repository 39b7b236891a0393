#pragma once

#include <array>
#include <atomic>
#include <mutex>

#include "port/gpio.h"
#include "port/posix/board_link.h"
#include "port/posix/posix_clock.h"

namespace pb::posix {

/// Pins connected to the virtual board. The thread that processes the board's messages acts as the interrupt
/// controller: it runs handlers and counts pulses.
class PosixGpio final : public Gpio {
 public:
  static constexpr int kPins = 40;

  /// A handler of the port itself, for both edges of an input. It may call level(), write() and Waker::wake().
  struct Handler {
    void (*call)(void* context, int pin, bool level) = nullptr;
    void* context = nullptr;
  };

  PosixGpio(BoardLink& link, const PosixClock& clock) : link_(link), clock_(clock) {}

  /// Applies the board's level of `pin`. @return false when there is no such pin.
  bool drive(int pin, bool level);
  /// One handler per pin. @param handler its context must outlive this object, unless an empty handler replaces it
  /// first.
  void attach(int pin, Handler handler);
  /// Processes the arrived messages of the board and runs their handlers. Does nothing in a handler.
  void catch_up() const { link_.catch_up(); }
  /// The level of the last processed message. Any thread, also handlers.
  bool level(int pin) const { return at(pin).level.load(); }

  void configure(int pin, PinMode mode) override;
  bool read(int pin) const override;
  void write(int pin, bool level) override;
  void count_pulses(int pin) override;
  uint32_t pulses(int pin) const override;

 private:
  struct Pin {
    std::atomic<bool> level{false};
    std::atomic<bool> driven{false};
    std::atomic<bool> counting{false};
    std::atomic<uint32_t> pulses{0};
    Handler handler;
  };

  Pin& at(int pin) { return pins_[static_cast<size_t>(pin)]; }
  const Pin& at(int pin) const { return pins_[static_cast<size_t>(pin)]; }

  BoardLink& link_;
  const PosixClock& clock_;
  std::array<Pin, kPins> pins_;
  std::mutex handlers_;  ///< held while a handler runs, so that none runs after its removal
  std::mutex outputs_;   ///< keeps messages in the order of the changes
};

}  // namespace pb::posix
