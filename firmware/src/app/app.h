#pragma once

#include "core/event_loop.h"
#include "features/board/board.h"
#include "features/led_status/led_status.h"
#include "features/logging/logger.h"
#include "features/safety/safety.h"
#include "features/serial_debug/serial_debug.h"
#include "port/clock.h"
#include "port/flash.h"
#include "port/gpio.h"
#include "port/heap.h"
#include "port/network.h"
#include "port/rng.h"
#include "port/system.h"
#include "port/tcp.h"
#include "port/uart.h"
#include "port/waker.h"
#include "port/worker.h"

namespace pb {

/// Everything the firmware needs of the platform. The ports outlive the App.
struct Ports {
  const Clock& clock;
  Rng& rng;
  Gpio& gpio;
  Uart& uart;
  Network& network;
  Tcp& tcp;
  Flash& storage;  ///< the partition `storage`
  Heap& heap;
  Worker& worker;
  Waker& waker;
  System& system;
};

/// The composition root: it builds the features in an order in which each finds what it needs, joins them, and runs the
/// loop. It owns everything that lives longer than a call. Destroying it and building it again is a reboot.
class App {
 public:
  explicit App(const Ports& ports);
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  /// Runs until a restart is asked for. @return its reason, for the platform to carry out.
  ResetReason run();
  /// One round: every feature, then the workers' answers. @return when the next round is due; 0 means at once.
  Millis run_once();

  /// Ends run() after this round.
  void request_restart(ResetReason reason);
  bool restart_requested() const { return restart_requested_; }
  ResetReason restart_reason() const { return restart_reason_; }

 private:
  void announce_boot();
  void add_features();
  void add_commands();

  Ports ports_;

  // What others lean on comes first.
  Logger log_;
  EventLoop loop_;
  Safety safety_;
  Board board_;
  SerialDebug serial_debug_;
  LedStatus led_status_;

  bool restart_requested_ = false;
  ResetReason restart_reason_ = ResetReason::software;
};

}  // namespace pb
