#pragma once

#include "port/interlock.h"

namespace pb {

/// The rules of the contactor, for the loop. The emergency stop opens the contactor in the port's interrupt handler;
/// the loop collects the trips.
class Safety {
 public:
  explicit Safety(Interlock& interlock) : interlock_(interlock) { interlock_.arm(); }
  ~Safety() { interlock_.open(); }
  Safety(const Safety&) = delete;
  Safety& operator=(const Safety&) = delete;

  /// Closes the contactor unless stopped(). @return whether it is closed now.
  bool close_contactor() { return interlock_.close(); }
  void open_contactor() { interlock_.open(); }
  bool contactor_closed() const { return interlock_.closed(); }

  /// Whether the stop is pressed now.
  bool stop_pressed() const { return interlock_.pressed(); }
  /// Whether the stop was pressed since the last call, even if only for a moment.
  bool take_stop_event() { return interlock_.take_trips() != 0; }
  /// Whether the stop is pressed, or was pressed and take_stop_event() has not been called since.
  bool stopped() const { return interlock_.tripped(); }

 private:
  Interlock& interlock_;
};

}  // namespace pb
