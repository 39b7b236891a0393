#pragma once

#include "features/logging/logger.h"
#include "port/heap.h"
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

/// Prints one telemetry record a second, of at most kMaxRecord bytes, and writes a full record on request.
/// docs/console-protocol.md lists the fields.
class Monitor final : public Feature {
 public:
  static constexpr Millis kInterval = 1000;
  static constexpr size_t kMaxCounters = 44;
  /// Bytes of a record with the largest usual numbers: 35 ms at 115,200 baud.
  static constexpr size_t kMaxRecord = 400;

  Monitor(const Heap& heap, const Tcp& tcp, EventLoop& loop, Logger& log);

  /// Adds a counter, at start-up; at most kMaxCounters.
  void add(Counter counter);
  /// Writes every number, the time of each feature and the histogram of the loop's rounds.
  void write_full(JsonWriter& json) const;
  /// Writes the unit of each number, for programs that show them.
  void write_units(JsonWriter& json) const;

  const char* name() const override { return "monitor"; }
  Millis poll(Millis now) override;

 private:
  void measure(Millis now);
  void print(Millis now);
  static const Monitor& of(const void* self);

  const Heap& heap_;
  const Tcp& tcp_;
  EventLoop& loop_;
  Logger& log_;
  Counter counters_[kMaxCounters];
  size_t count_ = 0;
  Millis next_ = kInterval;

  // The last interval.
  Millis measured_at_ = 0;
  Micros longest_round_ = 0;
  Micros busy_before_ = 0;
  uint16_t cpu_permille_ = 0;
  Micros spent_before_[EventLoop::kMaxFeatures] = {};
  uint16_t feature_permille_[EventLoop::kMaxFeatures] = {};
};

}  // namespace pb
