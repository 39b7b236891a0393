#pragma once

#include "port/posix/sleeper.h"
#include "port/posix/wake_source.h"
#include "port/worker.h"

namespace pb::posix {

/// Where jobs run on this host.
class PosixWorker : public Worker, public WakeSource {
 public:
  virtual ~PosixWorker() = default;

  /// How a job blocks for a time, in whichever thread it runs.
  virtual Blocker& blocker() = 0;

  void watch(std::vector<pollfd>&) override {}
};

}  // namespace pb::posix
