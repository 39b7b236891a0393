#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/text.h"

namespace pb {

/// Why the chip started. The numbers are part of the virtual board's protocol (docs/virtual-board.md).
enum class ResetReason : uint8_t { power_on = 1, software, panic, watchdog, brownout, external };

constexpr const char* name_of(ResetReason reason) {
  switch (reason) {
    case ResetReason::power_on:
      return "power_on";
    case ResetReason::software:
      return "software";
    case ResetReason::panic:
      return "panic";
    case ResetReason::watchdog:
      return "watchdog";
    case ResetReason::brownout:
      return "brownout";
    case ResetReason::external:
      return "external";
  }
  return "unknown";
}

enum class Crash : uint8_t { abort, null_pointer, failed_assert };

/// Ways to break the device on purpose, so that the tests of the bench can fail. Not there in builds for sale.
class TestControls {
 public:
  virtual void crash(Crash kind) = 0;
  /// From now on each TCP connection loses `bytes` of heap; 0 stops that.
  virtual void leak_per_connection(size_t bytes) = 0;
  /// Crumbles the heap, so that no free block has more than `bytes`; 0 takes that back.
  virtual void limit_largest_block(size_t bytes) = 0;
  /// Blocks the loop for ever, until the watchdog bites.
  virtual void hang() = 0;

 protected:
  ~TestControls() = default;
};

class System {
 public:
  /// A loop that does not come round for so long is restarted. The one figure of all platforms: sdkconfig.defaults has
  /// it for the chip, and lint compares the two.
  static constexpr uint32_t kWatchdogMs = 5000;

  virtual ResetReason reset_reason() const = 0;
  /// The chip's unique number: 48 bits, burnt in.
  virtual uint64_t chip_id() const = 0;
  /// 8 hexadecimal digits that differ when the program does, from the linker's hash of it.
  virtual Text build_id() const = 0;
  /// The loop calls it once a round; a loop that does not for kWatchdogMs is restarted (reason: watchdog).
  virtual void feed_watchdog() = 0;
  /// Whether an update has put the running image in place and nobody has confirmed it: the next restart, for whichever
  /// reason, goes back to the image before.
  virtual bool image_on_trial() const = 0;
  /// The running image is good: the boot loader keeps it. Writes to flash, so it blocks: a job of the Worker.
  virtual void confirm_image() = 0;
  /// nullptr in builds for sale.
  virtual TestControls* test_controls() = 0;

 protected:
  ~System() = default;
};

}  // namespace pb
