#include "app/app.h"

#include "app/version.h"

namespace pb {

namespace {

void report_slow_poll(void* log, const char* feature, Micros took) {
  static_cast<Logger*>(log)->warning("loop", feature, " took ", took / 1000, " ms");
}

}  // namespace

App::App(const Ports& ports)
    : ports_(ports),
      log_(ports.clock, ports.uart),
      safety_(ports.gpio, ports.waker),
      board_(ports.gpio),
      loop_(ports.clock, {&report_slow_poll, &log_}),
      worker_(ports.worker),
      storage_(ports.storage, ports.worker),
      config_(storage_, log_),
      serial_debug_(ports.uart, log_),
      time_sync_(ports.clock, storage_),
      wifi_(ports.network, ports.rng, config_.settings(), log_),
      monitor_(ports.heap, ports.tcp, loop_, log_),
      led_status_(board_),
      indicator_(safety_, wifi_, led_status_) {
  announce_boot();
  start_storage();
  config_.load(ports_.system.chip_id());
  log_.set_level(config_.settings().log_level);
  time_sync_.restore();
  add_commands();
  add_features();
  log_.info("app", "ready");
}

void App::announce_boot() {
  log_.info("boot", "plugbench-cp ", kVersion, " build=", ports_.system.build_id(),
            " reset=", name_of(ports_.system.reset_reason()));
}

void App::start_storage() {
  if (storage_.mount() != StorageResult::ok) {
    log_.error("storage", "the file system cannot be used, nothing will be kept");
  } else if (storage_.formatted()) {
    log_.warning("storage", "found no file system, made a new one");
  }
}

void App::add_features() {
  loop_.add(serial_debug_);
  loop_.add(wifi_);
  loop_.add(time_sync_);
  loop_.add(worker_);
  // What looks at the others comes last: it sees what they have found in the same round.
  loop_.add(monitor_);
  loop_.add(indicator_);
  loop_.add(led_status_);

  monitor_.add({"tx_dropped",
                [](const void* log) { return uint64_t{static_cast<const Logger*>(log)->dropped_bytes()}; }, &log_});
  status_.add({[](const void* safety, JsonWriter& json) {
                 json.member("contactor", static_cast<const Safety*>(safety)->contactor_closed());
               },
               &safety_});
  status_.add({[](const void* time_sync, JsonWriter& json) {
                 json.member("time_quality", name_of(static_cast<const TimeSync*>(time_sync)->quality()));
               },
               &time_sync_});
}

void App::request_restart(ResetReason reason) {
  restart_requested_ = true;
  restart_reason_ = reason;
}

Millis App::run_once() {
  ports_.system.feed_watchdog();
  return loop_.run_once();
}

ResetReason App::run() {
  while (!restart_requested_) {
    const Millis deadline = run_once();
    if (!restart_requested_ && deadline > ports_.clock.now()) ports_.waker.sleep_until(deadline);
  }
  return restart_reason_;
}

}  // namespace pb
