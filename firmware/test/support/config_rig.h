#pragma once

#include "features/config/config.h"
#include "support/fake_clock.h"
#include "support/fake_storage.h"
#include "support/fake_uart.h"

namespace pb {

/// A Config on a storage in memory, with its log. A test derives from it.
struct ConfigRig {
  FakeClock clock;
  FakeUart uart;
  Logger log{clock, uart};
  FakeStorage storage;
  Config config{storage, log};
};

}  // namespace pb
