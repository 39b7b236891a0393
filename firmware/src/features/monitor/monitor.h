#pragma once

#include "features/logging/logger.h"
#include "port/heap.h"
#include "port/tcp.h"
#include "runtime/event_loop.h"
#include "runtime/feature.h"

namespace pb {

/// A number of a feature for the telemetry record.
struct Counter {
  const char* name = "";
  uint64_t (*read)(const void* context) = nullptr;
  const void* context = nullptr;
};

/// Prints one telemetry record a second; docs/console-protocol.md lists the fields.
class Monitor final : public Feature {
 public:
  static constexpr Millis kInterval = 1000;
  static constexpr size_t kMaxCounters = 12;

  Monitor(const Heap& heap, const Tcp& tcp, EventLoop& loop, Logger& log)
      : heap_(heap), tcp_(tcp), loop_(loop), log_(log) {}

  /// @return false when there are kMaxCounters already.
  bool add(Counter counter);

  const char* name() const override { return "monitor"; }
  Millis poll(Millis now) override;

 private:
  void print(Millis now);

  const Heap& heap_;
  const Tcp& tcp_;
  EventLoop& loop_;
  Logger& log_;
  Counter counters_[kMaxCounters];
  size_t count_ = 0;
  Millis next_ = kInterval;
};

}  // namespace pb
