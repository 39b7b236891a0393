#pragma once

#include <poll.h>

#include <cstddef>
#include <vector>

#include "core/time.h"

namespace pb::posix {

/// Work of the kernel and of other threads on the device's behalf, which ends without any time passing.
struct UnderWay {
  std::vector<pollfd> lookups;  ///< each is readable once its lookup of a name has ended
  std::vector<pollfd> jobs;     ///< each is readable once the worker has blocked for a time, or ended its job
  bool unacknowledged = false;  ///< bytes were sent that the peer's kernel has not got yet
  size_t connecting = 0;        ///< connections whose SYN has not been answered yet
};

/// Something the sleeping loop also waits for.
class WakeSource {
 public:
  /// Adds the descriptors whose readiness ends the sleep.
  virtual void watch(std::vector<pollfd>& descriptors) = 0;
  /// When the source itself has something to do, in device time.
  virtual Millis deadline() { return kNever; }
  /// Adds the work that goes on without the loop.
  virtual void add_to(UnderWay&) const {}

 protected:
  ~WakeSource() = default;
};

/// All that the sleeping loop waits for.
class WakeSources {
 public:
  /// `source` outlives the loop's last sleep.
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
