#include "port/posix/posix_edges.h"

namespace pb::posix {

PosixEdges::~PosixEdges() {
  for (int pin = 0; pin < PosixGpio::kPins; ++pin) {
    if (at(pin).watched) gpio_.attach(pin, {});
  }
}

void PosixEdges::watch(int pin, uint32_t quiet_ms) {
  gpio_.attach(pin, {});
  Pin& counted = pins_[static_cast<size_t>(pin)];
  counted.watched = true;
  counted.edges.store(0);
  counted.presses.store(0);
  counted.quiet_ms = quiet_ms;
  counted.last_edge_ms = static_cast<uint32_t>(clock_.now()) - quiet_ms;
  counted.was_high = gpio_.read(pin);
  gpio_.attach(
      pin,
      {[](void* self, int edge_pin, bool level) { static_cast<PosixEdges*>(self)->on_edge(edge_pin, level); }, this});
}

uint32_t PosixEdges::count(int pin) const {
  gpio_.catch_up();
  return at(pin).edges.load();
}

uint32_t PosixEdges::presses(int pin) const {
  gpio_.catch_up();
  return at(pin).presses.load();
}

void PosixEdges::on_edge(int pin, bool level) {
  Pin& counted = pins_[static_cast<size_t>(pin)];
  // 32 bits of milliseconds wrap around in 49 days.
  const auto now = static_cast<uint32_t>(clock_.now());
  const bool was_quiet = now - counted.last_edge_ms >= counted.quiet_ms;
  counted.last_edge_ms = now;
  if (was_quiet && !counted.was_high) counted.presses.fetch_add(1);
  counted.was_high = level;
  counted.edges.fetch_add(1);
  waker_.wake();
}

}  // namespace pb::posix
