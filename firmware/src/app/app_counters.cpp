// The numbers of the features in the telemetry; docs/console-protocol.md lists them.
#include "app/app.h"

namespace pb {

namespace {

template <class Owner>
const Owner& as(const void* owner) {
  return *static_cast<const Owner*>(owner);
}

int64_t number(uint64_t value) { return static_cast<int64_t>(value); }

template <LossCause kCause>
int64_t losses(const void* connection) {
  return number(as<Connection>(connection).losses(kCause));
}

}  // namespace

void App::add_counters() {
  // The numbers in each record.
  monitor_.add({"queue", "", [](const void* self) { return number(as<Messenger>(self).queued()); }, &messenger_});
  monitor_.add(
      {"ws_connects", "", [](const void* self) { return number(as<Connection>(self).connects()); }, &connection_});
  monitor_.add(
      {"tx_dropped", "", [](const void* self) { return number(as<Transactions>(self).dropped()); }, &transactions_});
  monitor_.add(
      {"calls_dropped", "", [](const void* self) { return number(as<Messenger>(self).dropped()); }, &messenger_});
  monitor_.add({"uart_dropped", "", [](const void* self) { return number(as<Logger>(self).dropped_bytes()); }, &log_});
  monitor_.add({"rssi", "dBm", [](const void* self) { return int64_t{as<Wifi>(self).network().link().rssi}; }, &wifi_});
  monitor_.add({"link_losses", "", [](const void* self) { return number(as<Wifi>(self).losses()); }, &wifi_});
  monitor_.add({"loss_reason", "", [](const void* self) { return number(as<Wifi>(self).loss_reason()); }, &wifi_});
  monitor_.add(
      {"rx", "B", [](const void* self) { return number(as<Connection>(self).bytes_received()); }, &connection_});
  monitor_.add({"tx", "B", [](const void* self) { return number(as<Connection>(self).bytes_sent()); }, &connection_});
  monitor_.add({"ping_ms", "ms",
                [](const void* self) { return number(as<Connection>(self).protocol().ping_times().last()); },
                &connection_});
  monitor_.add({"erases", "", [](const void* self) { return number(as<CountingFlash>(self).erases()); }, &flash_});

  // The numbers in the full record only.
  const auto add_more = [this](const char* name, const char* unit, int64_t (*read)(const void*), const void* owner) {
    monitor_.add({name, unit, read, owner, false});
  };
  add_more("channel", "", [](const void* self) { return int64_t{as<Wifi>(self).network().link().channel}; }, &wifi_);
  add_more(
      "rx_frames", "", [](const void* self) { return number(as<Connection>(self).protocol().frames_received()); },
      &connection_);
  add_more(
      "tx_frames", "", [](const void* self) { return number(as<Connection>(self).protocol().frames_sent()); },
      &connection_);
  add_more("lost_network", "", &losses<LossCause::network>, &connection_);
  add_more("lost_peer", "", &losses<LossCause::peer>, &connection_);
  add_more("lost_no_pong", "", &losses<LossCause::no_pong>, &connection_);
  add_more("lost_no_answer", "", &losses<LossCause::no_answer>, &connection_);
  add_more("lost_refused", "", &losses<LossCause::refused>, &connection_);
  add_more("lost_tls", "", &losses<LossCause::tls>, &connection_);
  add_more("lost_renewed", "", &losses<LossCause::renewed>, &connection_);
  add_more(
      "ping_p50", "ms",
      [](const void* self) { return number(as<Connection>(self).protocol().ping_times().percentile(50)); },
      &connection_);
  add_more(
      "ping_p95", "ms",
      [](const void* self) { return number(as<Connection>(self).protocol().ping_times().percentile(95)); },
      &connection_);
  add_more("calls", "", [](const void* self) { return number(as<Messenger>(self).call_times().count()); }, &messenger_);
  add_more(
      "call_p50", "ms", [](const void* self) { return number(as<Messenger>(self).call_times().percentile(50)); },
      &messenger_);
  add_more(
      "call_p95", "ms", [](const void* self) { return number(as<Messenger>(self).call_times().percentile(95)); },
      &messenger_);
  add_more(
      "idle_ms", "ms", [](const void* self) { return number(as<PowerManager>(self).idle_time()); }, &power_manager_);
  add_more(
      "power_fail_ms", "ms", [](const void* self) { return number(as<PowerManager>(self).flush_time()); },
      &power_manager_);
  add_more(
      "invalid_sent", "", [](const void* self) { return number(as<Messenger>(self).invalid_sent()); }, &messenger_);
  add_more(
      "invalid_answers", "", [](const void* self) { return number(as<Messenger>(self).invalid_answers()); },
      &messenger_);
  add_more("flash_reads", "", [](const void* self) { return number(as<CountingFlash>(self).reads()); }, &flash_);
  add_more("flash_programs", "", [](const void* self) { return number(as<CountingFlash>(self).programs()); }, &flash_);
  add_more("most_erases", "", [](const void* self) { return number(as<CountingFlash>(self).most_erases()); }, &flash_);
  monitor_.set_list({"sector_erases", "", [](const void* self) { return as<CountingFlash>(self).sectors(); },
                     [](const void* self, size_t sector) { return number(as<CountingFlash>(self).erases_of(sector)); },
                     &flash_});
}

}  // namespace pb
