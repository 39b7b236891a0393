#pragma once

#include "port/worker.h"
#include "runtime/feature.h"

namespace pb {

/// Delivers the results of the worker on the loop. This is a feature so that the loop measures its time.
class WorkerFeature final : public Feature {
 public:
  explicit WorkerFeature(Worker& worker) : worker_(worker) {}

  const char* name() const override { return "worker"; }
  /// A result may concern a feature that was polled earlier in this round, so the next round follows at once.
  Millis poll(Millis now) override { return worker_.deliver() ? now : kNever; }

 private:
  Worker& worker_;
};

}  // namespace pb
