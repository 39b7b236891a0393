#pragma once

#include <optional>

#include "port/posix/sleeper.h"
#include "port/posix/wake_source.h"
#include "port/worker.h"

namespace pb::posix {

/// The worker on this host.
class PosixWorker : public Worker, public WakeSource {
 public:
  virtual ~PosixWorker() = default;

  /// Blocks a job for a time, such as that of a slow erase. Any thread may use it.
  virtual Blocker& blocker() = 0;
  /// The time in which the worker's own thread has worked; nothing if it has none.
  virtual std::optional<Micros> worked() const { return std::nullopt; }

  void watch(std::vector<pollfd>&) override {}
};

}  // namespace pb::posix
