#include "app/app.h"

#include "app/version.h"

namespace pb {

namespace {

void report_slow_poll(void* context, const char* feature, Micros took) {
  static_cast<Logger*>(context)->warning("loop", feature, " took ", took / 1000, " ms");
}

}  // namespace

App::App(const Ports& ports)
    : ports_(ports),
      log_(ports.clock, ports.uart),
      loop_(ports.clock, {&report_slow_poll, &log_}),
      safety_(ports.gpio, ports.waker),
      board_(ports.gpio),
      serial_debug_(ports.uart, log_),
      led_status_(board_) {
  announce_boot();
  add_commands();
  add_features();
  log_.info("app", "ready");
}

void App::announce_boot() {
  log_.info("boot", "plugbench-cp ", kVersion, " build=", ports_.system.build_id(),
            " reset=", name_of(ports_.system.reset_reason()));
}

void App::add_features() {
  // The lights come last: they show what the others have found in the same round.
  loop_.add(serial_debug_);
  loop_.add(led_status_);
}

void App::add_commands() {
  serial_debug_.add({"reboot", "",
                     [](void* self, Text, Logger& console) {
                       console.answer("rebooting");
                       static_cast<App*>(self)->request_restart(ResetReason::software);
                     },
                     this});
}

void App::request_restart(ResetReason reason) {
  restart_requested_ = true;
  restart_reason_ = reason;
}

Millis App::run_once() {
  ports_.system.feed_watchdog();
  const Millis deadline = loop_.run_once();
  return ports_.worker.deliver() ? 0 : deadline;
}

ResetReason App::run() {
  while (!restart_requested_) {
    const Millis deadline = run_once();
    if (!restart_requested_ && deadline > ports_.clock.now()) ports_.waker.sleep_until(deadline);
  }
  return restart_reason_;
}

}  // namespace pb
