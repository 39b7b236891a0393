#pragma once

#include "port/posix/sleeper.h"
#include "port/posix/wake_source.h"
#include "port/worker.h"

namespace pb::posix {

/// The worker on this host.
class PosixWorker : public Worker, public WakeSource {
 public:
  virtual ~PosixWorker() = default;

  /// How a job blocks for a time, on any thread.
  virtual Blocker& blocker() = 0;

  void watch(std::vector<pollfd>&) override {}
};

}  // namespace pb::posix
