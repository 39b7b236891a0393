#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/span.h"
#include "core/text.h"
#include "core/time.h"
#include "port/crash_report.h"

namespace pb {

/// The cause of the boot. The numbers are part of the virtual board's protocol (docs/virtual-board.md).
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

enum class Crash : uint8_t { abort, null_pointer, failed_assert, stack_overflow };

/// A task of the platform.
struct StackMark {
  const char* task = "";
  uint32_t unused = 0;  ///< bytes of the task's stack that it has never used
};

/// The processor time of a task of the platform.
struct TaskTime {
  const char* task = "";   ///< a literal, the same one in each call
  uint32_t worked_us = 0;  ///< since some time in the past; begins again at 0 after 2^32
};

/// Ways to break the device on purpose, for tests of the bench. Missing in release builds.
class TestControls {
 public:
  virtual void crash(Crash kind) = 0;
  /// From now on each TCP connection loses `bytes` of heap; 0 stops that.
  virtual void leak_per_connection(size_t bytes) = 0;
  /// Fragments the heap, so that no free block has more than `bytes`; 0 undoes that.
  virtual void limit_largest_block(size_t bytes) = 0;
  /// Blocks the loop until the watchdog restarts the device.
  virtual void hang() = 0;
  /// Keeps the processor busy for that time.
  virtual void work_for(Micros time) = 0;

 protected:
  ~TestControls() = default;
};

class System {
 public:
  /// Timeout of the watchdog that restarts a blocked loop, on all platforms. sdkconfig.defaults has it for the chip,
  /// and lint compares the two.
  static constexpr uint32_t kWatchdogMs = 5000;
  /// Room for all tasks of a platform.
  static constexpr size_t kMostTasks = 12;

  virtual ResetReason reset_reason() const = 0;
  /// Takes the record of the crash that caused this boot; later calls find none.
  /// @return false, with `report` unchanged, when there was no crash or the platform has no record of it
  virtual bool take_crash(CrashReport& report) = 0;
  /// The chip's unique number: 48 bits, fixed in hardware.
  virtual uint64_t chip_id() const = 0;
  /// 8 hexadecimal digits from the linker's hash of the program.
  virtual Text build_id() const = 0;
  /// Called once per round of the loop. After kWatchdogMs without a call the device restarts (reason: watchdog).
  virtual void feed_watchdog() = 0;
  /// Whether the running image is an unconfirmed update. If it is, any restart returns to the previous image.
  virtual bool image_on_trial() const = 0;
  /// Confirms the running image, so that the boot loader keeps it. Writes to flash, so call it in a job of the Worker.
  virtual void confirm_image() = 0;
  /// Fills `marks`. @return the number of tasks in it, 0 on a platform that does not know their stacks.
  virtual size_t stack_marks(Span<StackMark> marks) const = 0;
  /// Fills `times`. @return the number of tasks in it.
  virtual size_t task_times(Span<TaskTime> times) const = 0;
  /// nullptr in release builds.
  virtual TestControls* test_controls() = 0;

 protected:
  ~System() = default;
};

}  // namespace pb
