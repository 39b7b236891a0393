#include "port/posix/posix_interlock.h"

namespace pb::posix {

void PosixInterlock::arm() {
  gpio_.attach(stop_pin_, {});
  gpio_.configure(contactor_pin_, PinMode::output);
  gpio_.configure(stop_pin_, PinMode::input_pull_up);
  open();
  trips_.store(0);
  gpio_.attach(stop_pin_,
               {[](void* self, int, bool level) { static_cast<PosixInterlock*>(self)->on_stop_edge(level); }, this});
  // A stop that is pressed already makes no edge, so count it here. If it is pressed at this moment, it may count as
  // two trips, which does no harm.
  if (pressed()) trips_.fetch_add(1);
}

bool PosixInterlock::close() {
  // tripped() processes the arrived messages. Call it before the mutex is locked, because a handler on this thread
  // locks the mutex too.
  if (tripped()) return false;
  const std::lock_guard lock(contactor_);
  if (gpio_.level(stop_pin_) || trips_.load() != 0) return false;
  set(true);
  return true;
}

void PosixInterlock::open() {
  const std::lock_guard lock(contactor_);
  set(false);
}

void PosixInterlock::on_stop_edge(bool pressed) {
  if (pressed) {
    const std::lock_guard lock(contactor_);
    trips_.fetch_add(1);
    set(false);
  }
  waker_.wake();
}

void PosixInterlock::set(bool closed) {
  closed_.store(closed);
  gpio_.write(contactor_pin_, closed);
}

}  // namespace pb::posix
