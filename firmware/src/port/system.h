#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/text.h"

namespace pb {

/// Why the chip started. The numbers are part of the virtual board's protocol (docs/design.md, section 5).
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
  virtual ResetReason reset_reason() const = 0;
  /// The chip's unique number: 48 bits, burnt in.
  virtual uint64_t chip_id() const = 0;
  /// 8 hexadecimal digits that differ when the program does, from the linker's hash of it.
  virtual Text build_id() const = 0;
  /// The loop calls it once a round; a loop that does not for 5 seconds is restarted (reason: watchdog).
  virtual void feed_watchdog() = 0;
  /// nullptr in builds for sale.
  virtual TestControls* test_controls() = 0;

 protected:
  ~System() = default;
};

}  // namespace pb
