#pragma once

#include "port/clock.h"
#include "port/edges.h"
#include "port/flash.h"
#include "port/gpio.h"
#include "port/heap.h"
#include "port/interlock.h"
#include "port/mapped_flash.h"
#include "port/network.h"
#include "port/power.h"
#include "port/retained_ram.h"
#include "port/rng.h"
#include "port/secrets.h"
#include "port/sntp.h"
#include "port/system.h"
#include "port/tcp.h"
#include "port/uart.h"
#include "port/udp.h"
#include "port/updates.h"
#include "port/waker.h"
#include "port/worker.h"

namespace pb {

/// The platform as the firmware uses it. The ports outlive the App.
struct Ports {
  const Clock& clock;
  Rng& rng;
  Gpio& gpio;
  Interlock& interlock;
  Edges& edges;
  Uart& uart;
  Network& network;
  Tcp& tcp;
  Flash& storage;  ///< the partition `storage`
  Secrets& secrets;
  Heap& heap;
  Worker& worker;
  Waker& waker;
  System& system;
  RetainedRam& retained;
  Power& power;
  MappedFlash& schemas_0;  ///< the partitions of schema packs
  MappedFlash& schemas_1;
  Updates& updates;
  Udp& udp;
  Sntp& sntp;
};

}  // namespace pb
