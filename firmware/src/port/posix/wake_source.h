#pragma once

#include <poll.h>

#include <cstddef>
#include <vector>

#include "core/time.h"

namespace pb::posix {

/// Work that the kernel and other threads do for the device, and that ends although no bench time passes.
struct UnderWay {
  std::vector<pollfd> lookups;  ///< each is readable when its name lookup has ended
  std::vector<pollfd> jobs;     ///< each is readable when the worker blocks for a time or has ended its job
  bool unacknowledged = false;  ///< sent bytes are not acknowledged by the peer's kernel yet
  size_t connecting = 0;        ///< connections whose SYN is not answered yet
};

/// A source of events for the sleeping loop.
class WakeSource {
 public:
  /// Adds the descriptors that end the sleep when they are ready.
  virtual void watch(std::vector<pollfd>& descriptors) = 0;
  /// The time at which the source has work to do, in device time.
  virtual Millis deadline() { return kNever; }
  /// Adds the work that continues without the loop.
  virtual void add_to(UnderWay&) const {}

 protected:
  ~WakeSource() = default;
};

/// All sources of events for the sleeping loop.
class WakeSources {
 public:
  /// `source` must outlive the loop's last sleep.
  void add(WakeSource& source) { sources_.push_back(&source); }

  void watch(std::vector<pollfd>& descriptors) {
    for (WakeSource* source : sources_) source->watch(descriptors);
  }
  Millis deadline() {
    Millis deadline = kNever;
    for (WakeSource* source : sources_) deadline = earlier(deadline, source->deadline());
    return deadline;
  }
  UnderWay under_way() const {
    UnderWay all;
    for (const WakeSource* source : sources_) source->add_to(all);
    return all;
  }

 private:
  std::vector<WakeSource*> sources_;
};

}  // namespace pb::posix
