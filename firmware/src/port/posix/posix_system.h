#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "port/posix/crash_reporter.h"
#include "port/posix/posix_clock.h"
#include "port/posix/posix_tcp.h"
#include "port/system.h"

namespace pb::posix {

/// The chip around the program: how it started, how it is told apart, its watchdog, and the ways to break it on
/// purpose.
class PosixSystem final : public System, public TestControls {
 public:
  PosixSystem(ResetReason reason, const PosixClock& clock, CrashReporter& crash_reporter, PosixTcp& tcp);

  /// Starts the watchdog: a thread that ends the process when the loop has not fed it for kWatchdogMs.
  void start_watchdog();

  ResetReason reset_reason() const override { return reason_; }
  uint64_t chip_id() const override { return kChipId; }
  Text build_id() const override { return {build_id_.data(), build_id_.size()}; }
  void feed_watchdog() override { fed_us_.store(clock_.now_us()); }
  TestControls* test_controls() override { return this; }

  void crash(Crash kind) override;
  void leak_per_connection(size_t bytes) override { tcp_.leak(bytes); }
  [[noreturn]] void hang() override;

 private:
  static constexpr Millis kWatchdogMs = 5000;
  /// A host that is busy with other things, or stopped the process for a while, must not be taken for a firmware that
  /// hangs, whatever the clock's scale: so many ticks of the watchdog's own thread have to pass, too.
  static constexpr std::chrono::milliseconds kWatchdogTick{250};
  static constexpr int kWatchdogTicks = 12;
  /// Espressif's prefix, and a number that says "virtual" to whoever looks.
  static constexpr uint64_t kChipId = 0x240AC4'0CB001;

  ResetReason reason_;
  const PosixClock& clock_;
  CrashReporter& crash_reporter_;
  PosixTcp& tcp_;
  std::string build_id_;
  std::atomic<Micros> fed_us_{0};
};

/// The exit code by which the device tells the board why it restarts itself.
constexpr int exit_code_of(ResetReason reason) { return 0x40 + static_cast<int>(reason); }

}  // namespace pb::posix
