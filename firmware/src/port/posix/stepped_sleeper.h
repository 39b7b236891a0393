#pragma once

#include "port/posix/board_link.h"
#include "port/posix/clock_link.h"
#include "port/posix/cpu_limit.h"
#include "port/posix/sleeper.h"
#include "port/posix/stepped_clock.h"
#include "port/posix/wake_source.h"

namespace pb::posix {

/// Reports to the bench that the device is idle, and waits until the bench has advanced the time or sent a message.
///
/// The loop's thread processes the board's messages: in stepped time no other thread runs interrupt handlers, so that
/// the order of events does not depend on the scheduler of the host.
class SteppedSleeper final : public Sleeper {
 public:
  SteppedSleeper(const SteppedClock& clock, ClockLink& link, BoardLink& board, const WakeSources& sources,
                 CpuLimit& limit)
      : clock_(clock), link_(link), board_(board), sources_(sources), limit_(limit) {}

  void sleep(const std::vector<pollfd>& watched, Millis deadline) override;
  void block_until(Micros device_us) override;
  /// The time of all calls of block_until(). No other time passes while the loop works.
  Micros blocked() const { return blocked_us_; }

 private:
  void wait(const std::vector<pollfd>& watched, int64_t deadline_ns);
  bool any_ready(const std::vector<pollfd>& watched);
  /// Waits for one of `watched`, a message, or the end of pending work.
  void poll_all(const std::vector<pollfd>& watched, const UnderWay& under_way, short link_events);

  const SteppedClock& clock_;
  ClockLink& link_;
  BoardLink& board_;
  const WakeSources& sources_;
  CpuLimit& limit_;
  std::vector<pollfd> polled_;
  Micros blocked_us_ = 0;
};

}  // namespace pb::posix
