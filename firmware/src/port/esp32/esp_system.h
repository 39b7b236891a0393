#pragma once

#include "port/esp32/esp_tcp.h"
#include "port/esp32/heap_fragmenter.h"
#include "port/esp32/tasks.h"
#include "port/system.h"

namespace pb::esp32 {

/// ESP-IDF: API reference, System, "Miscellaneous System APIs", "Watchdogs", "Application Image Format" and
/// "Over The Air Updates (OTA)"; API guides, "Core Dump".
class EspSystem final : public System, public TestControls {
 public:
  /// The task that calls this is watched from now on.
  EspSystem(EspTcp& tcp, const Heap& heap);

  ResetReason reset_reason() const override;
  bool take_crash(CrashReport& report) override;
  uint64_t chip_id() const override;
  Text build_id() const override { return {build_id_, sizeof build_id_}; }
  void feed_watchdog() override;
  bool image_on_trial() const override;
  void confirm_image() override;
  size_t stack_marks(Span<StackMark> marks) const override { return task_stacks(marks); }
  size_t task_times(Span<TaskTime> times) const override { return esp32::task_times(times); }
  TestControls* test_controls() override;

  void crash(Crash kind) override;
  void leak_per_connection(size_t bytes) override { tcp_.leak(bytes); }
  void limit_largest_block(size_t bytes) override { fragmenter_.limit(bytes); }
  void hang() override;
  void work_for(Micros time) override;

 private:
  EspTcp& tcp_;
  HeapFragmenter fragmenter_;
  bool has_taken_crash_ = false;
  char build_id_[8];
};

}  // namespace pb::esp32
