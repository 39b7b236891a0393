#pragma once

#include "features/logging/logger.h"
#include "port/heap.h"
#include "port/system.h"
#include "port/tcp.h"
#include "runtime/event_loop.h"
#include "runtime/feature.h"

namespace pb {

/// A number of a feature for the telemetry.
struct Counter {
  const char* name = "";
  const char* unit = "";  ///< `B`, `ms`, `us`, `permille`, `dBm`, or empty for a number of things
  int64_t (*read)(const void* context) = nullptr;
  const void* context = nullptr;
  bool is_in_record = true;  ///< false: the number is in the full record only
};

/// A number for each of several equal things, for the full record.
struct CounterList {
  const char* name = "";
  const char* unit = "";  ///< as in Counter
  size_t (*length)(const void* context) = nullptr;
  int64_t (*read)(const void* context, size_t index) = nullptr;
  const void* context = nullptr;
};

/// Prints one telemetry record a second, of at most kMaxRecord bytes, and writes a full record on request.
/// docs/console-protocol.md lists the fields.
class Monitor final : public Feature {
 public:
  static constexpr Millis kInterval = 1000;
  static constexpr size_t kMaxCounters = 44;
  /// Bytes of a record with the largest usual numbers: 35 ms at 115,200 baud.
  static constexpr size_t kMaxRecord = 400;

  Monitor(const Heap& heap, const Tcp& tcp, const System& system, EventLoop& loop, Logger& log);

  /// Adds a counter, at start-up; at most kMaxCounters.
  void add(Counter counter);
  /// Sets the only list, at start-up.
  void set_list(CounterList list) { list_ = list; }
  /// Writes every number, the list, the time of each feature and task, and the histogram of the loop's rounds.
  void write_full(JsonWriter& json) const;
  /// Writes the unit of each number, for programs that show them.
  void write_units(JsonWriter& json) const;

  const char* name() const override { return "monitor"; }
  Millis poll(Millis now) override;

 private:
  /// The processor time of a task.
  struct TaskShare {
    TaskTime before;
    uint16_t permille = 0;
  };

  void measure(Millis now);
  void measure_tasks(Millis interval);
  void print(Millis now);
  static const Monitor& of(const void* self);

  const Heap& heap_;
  const Tcp& tcp_;
  const System& system_;
  EventLoop& loop_;
  Logger& log_;
  Counter counters_[kMaxCounters];
  size_t count_ = 0;
  CounterList list_;
  Millis next_ = kInterval;

  // The last interval.
  Millis measured_at_ = 0;
  Micros longest_round_ = 0;
  Micros busy_before_ = 0;
  uint16_t cpu_permille_ = 0;
  Micros spent_before_[EventLoop::kMaxFeatures] = {};
  uint16_t feature_permille_[EventLoop::kMaxFeatures] = {};
  TaskShare tasks_[System::kMostTasks];
  size_t task_count_ = 0;
};

}  // namespace pb
