#pragma once

#include <functional>
#include <vector>

#include "port/heap.h"
#include "port/system.h"

namespace pb {

class FakeSystem final : public System, public TestControls {
 public:
  ResetReason reason = ResetReason::power_on;
  bool release_build = false;  ///< a release build, without test controls
  std::vector<TaskTime> tasks;
  int crashes = 0;
  Crash last_crash = Crash::abort;
  size_t leak = 0;
  size_t largest_block_limit = 0;
  int hangs = 0;
  Micros worked = 0;
  int fed = 0;
  bool on_trial = false;  ///< the image is new and not confirmed
  int confirms = 0;
  std::function<void()> when_confirmed;
  bool knows_stacks = false;

  ResetReason reset_reason() const override { return reason; }
  /// The record that take_crash() returns once.
  CrashReport crash_report;
  bool has_crash_report = false;

  bool take_crash(CrashReport& report) override {
    if (!has_crash_report) return false;
    has_crash_report = false;
    report = crash_report;
    return true;
  }
  uint64_t chip_id() const override { return 0x240AC4000001; }
  Text build_id() const override { return "0badcafe"; }
  void feed_watchdog() override { ++fed; }
  bool image_on_trial() const override { return on_trial; }
  void confirm_image() override {
    ++confirms;
    on_trial = false;
    if (when_confirmed) when_confirmed();
  }
  size_t stack_marks(Span<StackMark> marks) const override {
    if (knows_stacks) marks.data[0] = {"main", 4321};
    return knows_stacks ? 1 : 0;
  }
  size_t task_times(Span<TaskTime> times) const override {
    for (size_t i = 0; i < tasks.size(); ++i) times.data[i] = tasks[i];
    return tasks.size();
  }
  TestControls* test_controls() override { return release_build ? nullptr : this; }

  void crash(Crash kind) override {
    ++crashes;
    last_crash = kind;
  }
  void leak_per_connection(size_t bytes) override { leak = bytes; }
  void limit_largest_block(size_t bytes) override { largest_block_limit = bytes; }
  void hang() override { ++hangs; }
  void work_for(Micros time) override { worked += time; }
};

class FakeHeap final : public Heap {
 public:
  size_t free = 200'000;
  size_t largest = 120'000;
  size_t minimum = 180'000;

  size_t free_bytes() const override { return free; }
  size_t largest_block() const override { return largest; }
  size_t minimum_free() const override { return minimum; }
};

}  // namespace pb
