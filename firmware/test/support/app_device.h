#pragma once

#include <memory>
#include <string>

#include "app/app.h"
#include "support/fake_clock.h"
#include "support/fake_edges.h"
#include "support/fake_gpio.h"
#include "support/fake_interlock.h"
#include "support/fake_network.h"
#include "support/fake_power.h"
#include "support/fake_retained_ram.h"
#include "support/fake_rng.h"
#include "support/fake_secrets.h"
#include "support/fake_sntp.h"
#include "support/fake_system.h"
#include "support/fake_tcp.h"
#include "support/fake_uart.h"
#include "support/fake_udp.h"
#include "support/fake_updates.h"
#include "support/fake_waker.h"
#include "support/fake_worker.h"
#include "support/ram_flash.h"

namespace pb {

/// A whole device; boot() creates a new App on the same hardware, as a restart does.
struct AppDevice {
  FakeClock clock;
  FakeRng rng;
  FakeGpio gpio;
  FakeUart uart;
  FakeNetwork network;
  FakeTcp tcp;
  RamFlash flash;
  FakeSecrets secrets;
  FakeHeap heap;
  FakeWorker worker;
  FakeWaker waker{clock};
  FakeInterlock interlock{gpio, waker};
  FakeEdges edges{gpio, clock, waker};
  FakeSystem system;
  FakeRetainedRam retained;
  RamFlash schemas_0{8};
  RamFlash schemas_1{8};
  FakePower power;
  FakeUpdates updates;
  FakeUdp udp;
  FakeSntp sntp;
  std::unique_ptr<App> app;

  App& boot() {
    app.reset();
    worker.forget_jobs();
    app = std::make_unique<App>(Ports{clock,    rng,   gpio,      interlock, edges,   uart,  network,
                                      tcp,      flash, secrets,   heap,      worker,  waker, system,
                                      retained, power, schemas_0, schemas_1, updates, udp,   sntp});
    return *app;
  }
  /// Types a command and runs the device until it is idle. @return the answers.
  std::string command(const std::string& line) {
    uart.take();
    uart.type(line + "\r\n");
    run_rounds(4);
    return answers(uart.take());
  }
  /// The lines that answer commands.
  static std::string answers(const std::string& log) {
    std::string found;
    for (size_t start = 0; start < log.size();) {
      const size_t end = log.find('\n', start) + 1;
      if (log.compare(start, 2, "= ") == 0) found += log.substr(start, end - start);
      start = end;
    }
    return found;
  }
  void run_rounds(int rounds) {
    for (int i = 0; i < rounds; ++i) app->run_once();
  }
};

}  // namespace pb
