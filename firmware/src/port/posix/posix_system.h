#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "port/posix/crash_reporter.h"
#include "port/posix/ota_data.h"
#include "port/posix/posix_tcp.h"
#include "port/posix/posix_worker.h"
#include "port/posix/retained_memory.h"
#include "port/posix/timebase.h"
#include "port/system.h"

namespace pb::posix {

/// The chip: cause of the boot, identity, watchdog, and the controls that break it on purpose.
class PosixSystem final : public System, public TestControls {
 public:
  PosixSystem(ResetReason reason, Timebase& time, CrashReporter& crash_reporter, PosixTcp& tcp, DeviceHeap& heap,
              Flash& otadata, RetainedMemory& retained, const PosixWorker& worker);

  ResetReason reset_reason() const override { return reason_; }
  bool take_crash(CrashReport& report) override;
  uint64_t chip_id() const override { return kChipId; }
  Text build_id() const override { return {build_id_.data(), build_id_.size()}; }
  void feed_watchdog() override { time_.watchdog().feed(); }
  bool image_on_trial() const override { return ota_data_.on_trial(); }
  void confirm_image() override { ota_data_.confirm(); }
  size_t stack_marks(Span<StackMark>) const override { return 0; }
  size_t task_times(Span<TaskTime> times) const override;
  TestControls* test_controls() override { return this; }

  void crash(Crash kind) override;
  void leak_per_connection(size_t bytes) override { tcp_.leak(bytes); }
  void limit_largest_block(size_t bytes) override;
  void hang() override { time_.watchdog().hang(); }
  void work_for(Micros time) override { time_.work_until(time_.clock().now_us() + time); }

 private:
  /// Espressif's prefix, and a fixed number.
  static constexpr uint64_t kChipId = 0x240AC4'0CB001;

  ResetReason reason_;
  Timebase& time_;
  CrashReporter& crash_reporter_;
  PosixTcp& tcp_;
  DeviceHeap& heap_;
  RetainedMemory& retained_;
  const PosixWorker& worker_;
  std::vector<void*> held_;  ///< the blocks that limit_largest_block() holds
  OtaData ota_data_;
  std::string build_id_;
};

}  // namespace pb::posix
