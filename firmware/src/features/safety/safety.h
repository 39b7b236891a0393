#pragma once

#include <atomic>

#include "features/board/pins.h"
#include "port/gpio.h"
#include "port/waker.h"

namespace pb {

/// Owns the contactor and the emergency stop. The stop opens the contactor inside its interrupt handler, however busy
/// the loop or the flash is; the loop only hears of it. Nothing else in the firmware writes the contactor's pin.
class Safety {
 public:
  Safety(Gpio& gpio, Waker& waker);
  ~Safety();
  Safety(const Safety&) = delete;
  Safety& operator=(const Safety&) = delete;

  /// Closes the contactor unless stopped(). @return whether it is closed now.
  bool close_contactor();
  void open_contactor();
  bool contactor_closed() const { return closed_.load(); }

  /// Whether the stop is pressed now.
  bool stop_pressed() const { return gpio_.read(pins::kEmergencyStop); }
  /// Whether the stop was pressed since the last call, even if only for a moment.
  bool take_stop_event() { return stop_event_.exchange(false); }
  /// Whether the stop is pressed, or was, and nobody has taken the event yet.
  bool stopped() const { return stop_event_.load() || stop_pressed(); }

 private:
  static void on_stop_edge(void* context);

  Gpio& gpio_;
  Waker& waker_;
  std::atomic<bool> closed_{false};
  std::atomic<bool> stop_event_{false};
};

}  // namespace pb
