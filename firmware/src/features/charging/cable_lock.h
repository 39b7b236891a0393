#pragma once

#include "core/time.h"
#include "features/board/board.h"
#include "features/charging/input_events.h"
#include "features/config/settings.h"

namespace pb {

/// The lock that holds the cable. With a feedback contact (lock_timeout_ms above 0) the contact reports the position of
/// the bolt; without a contact the bolt counts as moved when it is driven. A fixed cable (fixed_cable) has no lock: the
/// output is never driven, and the lock counts as closed whenever it should be closed.
///
/// A bolt that is not engaged counts as open at once, because current may flow through the cable. A bolt that was open
/// between two rounds of the loop counts as open too; the edges of its contact reveal that. A bolt counts as closed
/// when its contact has reported it for a while: a bouncing contact must not make the contactor chatter.
class CableLock {
 public:
  /// How long the contact must report an engaged bolt without a break.
  static constexpr Millis kStable = 1'000;

  CableLock(Board& board, InputEvents& events, const Settings& settings)
      : board_(board), events_(events), settings_(settings) {}

  /// Reads the contact; called in each round of the loop.
  void poll(Millis now) {
    set_output();
    if (!driven_) return;
    // Read edges before the level: an edge between the two reads counts in the next round.
    const bool has_moved = events_.take_bolt_move() && has_feedback();
    const bool is_engaged = engaged();
    if (!is_engaged || (has_moved && stable_at_ != kNever)) {
      failed_ = failed_ || closed_ || (!is_engaged && now >= limit());
      closed_ = false;
      stable_at_ = kNever;
    }
    if (!is_engaged) return;
    was_engaged_ = true;
    if (stable_at_ == kNever) stable_at_ = has_feedback() ? now + kStable : now;
    if (now < stable_at_) return;
    closed_ = true;
    failed_ = false;
  }

  void drive(bool closed, Millis now) {
    if (closed != driven_) {
      driven_ = closed;
      closed_ = failed_ = was_engaged_ = false;
      stable_at_ = kNever;
      deadline_ = now + settings_.lock_timeout_ms;
      events_.take_bolt_move();  // drop the events of the previous move
    }
    poll(now);
  }

  bool closed() const { return closed_ && engaged(); }
  /// Whether the bolt did not engage in time, or has opened by itself.
  bool failed() const { return failed_; }
  /// When poll() is due if no edge comes first.
  Millis next_due() const {
    if (!driven_ || closed_) return kNever;
    if (stable_at_ != kNever) return stable_at_;
    return failed_ ? kNever : limit();
  }

 private:
  bool has_feedback() const { return settings_.lock_timeout_ms != 0 && !settings_.fixed_cable; }
  /// Sets the output when it has to change: also after a change of fixed_cable.
  void set_output() {
    const bool output = driven_ && !settings_.fixed_cable;
    if (output != output_) board_.lock.set(output);
    output_ = output;
  }
  /// A bolt that engages in time gets another kStable to stop bouncing.
  Millis limit() const { return was_engaged_ ? deadline_ + kStable : deadline_; }
  bool engaged() const { return !has_feedback() || board_.lock_feedback.read(); }

  Board& board_;
  InputEvents& events_;
  const Settings& settings_;
  bool driven_ = false;
  bool output_ = false;
  bool closed_ = false;
  bool failed_ = false;
  bool was_engaged_ = false;   // since the bolt was driven, even if only for a moment
  Millis stable_at_ = kNever;  // when the bolt counts as closed; kNever: the bolt is not engaged
  Millis deadline_ = kNever;
};

}  // namespace pb
