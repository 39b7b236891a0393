#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "port/system.h"

namespace pb::posix {

/// The options of the command line by which the board starts the device (docs/virtual-board.md).
struct Arguments {
  int board_fd = -1;
  int uart_fd = -1;
  std::string flash;
  ResetReason reset = ResetReason::power_on;
  size_t heap = 300 * 1024;
  int clock_page = -1;  ///< for stepped time, with clock_link; without both: real time
  int clock_link = -1;
  int retained = -1;  ///< the memory file that outlives resets; -1: none, so a reset loses the memory
  int web = -1;       ///< a listening socket for the page; -1: none, so the device has no page
  std::optional<uint64_t> seed;
  int udp = -1;                  ///< a UDP socket for the device's DNS server; -1: none, so it has no captive portal
  int slot = -1;                 ///< the slot of the running image; -1: unknown, so the device takes no update
  bool threaded_worker = false;  ///< jobs run in a thread of their own

  bool stepped() const { return clock_page >= 0; }
};

/// Reads the command line; ends the process with a message when it is wrong.
Arguments parse(int argc, char** argv);

/// Prints why the device cannot start, and ends the process.
[[noreturn]] void exit_with_error(const std::string& message);

}  // namespace pb::posix
