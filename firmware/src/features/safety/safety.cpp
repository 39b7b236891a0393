#include "features/safety/safety.h"

namespace pb {

Safety::Safety(Gpio& gpio, Waker& waker) : gpio_(gpio), waker_(waker) {
  gpio_.configure(pins::kContactor, PinMode::output);
  gpio_.write(pins::kContactor, false);
  gpio_.configure(pins::kEmergencyStop, PinMode::input_pull_up);
  gpio_.attach(pins::kEmergencyStop, Edge::both, &Safety::on_stop_edge, this);
  // A stop that was pressed before the chip started makes no edge.
  if (stop_pressed()) stop_event_.store(true);
}

Safety::~Safety() {
  gpio_.detach(pins::kEmergencyStop);
  open_contactor();
}

bool Safety::close_contactor() {
  if (stopped()) return false;
  closed_.store(true);
  gpio_.write(pins::kContactor, true);
  // The handler may have run between the look at the stop and the write; then it was the write that came last.
  if (stopped() || !closed_.load()) open_contactor();
  return contactor_closed();
}

void Safety::open_contactor() {
  closed_.store(false);
  gpio_.write(pins::kContactor, false);
}

void Safety::on_stop_edge(void* context) {
  auto& safety = *static_cast<Safety*>(context);
  if (safety.stop_pressed()) {
    // The event first: who is about to close the contactor meets either the event or the contactor that opens after it.
    safety.stop_event_.store(true);
    safety.open_contactor();
  }
  safety.waker_.wake();
}

}  // namespace pb
