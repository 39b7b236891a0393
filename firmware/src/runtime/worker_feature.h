#pragma once

#include "port/worker.h"
#include "runtime/feature.h"

namespace pb {

/// Brings the workers' answers to the loop, and so makes the time they take of it visible.
class WorkerFeature final : public Feature {
 public:
  explicit WorkerFeature(Worker& worker) : worker_(worker) {}

  const char* name() const override { return "worker"; }
  /// An answer may be news for a feature polled before: the next round comes at once.
  Millis poll(Millis now) override { return worker_.deliver() ? now : kNever; }

 private:
  Worker& worker_;
};

}  // namespace pb
