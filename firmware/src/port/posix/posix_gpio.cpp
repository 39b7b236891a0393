#include "port/posix/posix_gpio.h"

namespace pb::posix {

bool PosixGpio::drive(int pin, bool level) {
  if (pin < 0 || pin >= kPins) return false;
  Pin& input = at(pin);
  input.driven.store(true);
  if (input.level.exchange(level) == level) return true;
  if (level && input.counting.load()) input.pulses.fetch_add(1);
  const std::lock_guard lock(handlers_);
  if (input.handler.call != nullptr) input.handler.call(input.handler.context, pin, level);
  return true;
}

void PosixGpio::configure(int pin, PinMode mode) {
  Pin& configured = at(pin);
  // An undriven wire follows its pull resistor.
  if (mode != PinMode::output && !configured.driven.load()) configured.level.store(mode == PinMode::input_pull_up);
}

bool PosixGpio::read(int pin) const {
  link_.catch_up();
  return level(pin);
}

void PosixGpio::write(int pin, bool level) {
  const std::lock_guard lock(outputs_);
  if (at(pin).level.exchange(level) != level) link_.send_pin(pin, level, clock_.bench_ns());
}

void PosixGpio::attach(int pin, Handler handler) {
  const std::lock_guard lock(handlers_);
  at(pin).handler = handler;
}

void PosixGpio::count_pulses(int pin) {
  at(pin).pulses.store(0);
  at(pin).counting.store(true);
}

uint32_t PosixGpio::pulses(int pin) const {
  link_.catch_up();
  return at(pin).pulses.load();
}

}  // namespace pb::posix
