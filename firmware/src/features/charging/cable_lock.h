#pragma once

#include "core/time.h"
#include "features/board/board.h"
#include "features/charging/input_events.h"
#include "features/config/settings.h"

namespace pb {

/// The lock that holds the cable. Where a feedback contact is wired (lock_timeout_ms above 0), it tells where the bolt
/// is; without one the bolt counts as moved when it is driven.
///
/// A bolt that is not home is open at once, whatever the reason: current may flow through the cable. So is one that was
/// open between two rounds of the loop, which the edges of its contact tell. Home it is when its contact has said so
/// for a while, so that one that bounces or chatters does not make the contactor chatter.
class CableLock {
 public:
  /// How long the contact must have said without a break that the bolt is home.
  static constexpr Millis kSteady = 1'000;

  CableLock(Board& board, InputEvents& events, const Settings& settings)
      : board_(board), events_(events), settings_(settings) {}

  /// Looks at the contact, each round.
  void poll(Millis now) {
    if (!driven_) return;
    // The edges before the level: one that comes between is of the next round, and is not missed.
    const bool has_moved = events_.take_bolt_move() && has_feedback();
    const bool is_home = home();
    if (!is_home || (has_moved && steady_from_ != kNever)) {
      failed_ = failed_ || closed_ || (!is_home && now >= limit());
      closed_ = false;
      steady_from_ = kNever;
    }
    if (!is_home) return;
    came_home_ = true;
    if (steady_from_ == kNever) steady_from_ = has_feedback() ? now + kSteady : now;
    if (now < steady_from_) return;
    closed_ = true;
    failed_ = false;
  }

  void drive(bool closed, Millis now) {
    if (closed != driven_) {
      driven_ = closed;
      closed_ = failed_ = came_home_ = false;
      steady_from_ = kNever;
      deadline_ = now + settings_.lock_timeout_ms;
      events_.take_bolt_move();  // of what it was driven to before
      board_.lock.set(closed);
    }
    poll(now);
  }

  bool closed() const { return closed_ && home(); }
  /// Whether the bolt has had its time to close and is not home, or was home and has opened by itself.
  bool failed() const { return failed_; }
  /// When the lock is to be polled again, if no edge of its contact comes first.
  Millis next_due() const {
    if (!driven_ || closed_) return kNever;
    if (steady_from_ != kNever) return steady_from_;
    return failed_ ? kNever : limit();
  }

 private:
  bool has_feedback() const { return settings_.lock_timeout_ms != 0; }
  /// A bolt that came home in time has as long again as it must be steady, to come to rest.
  Millis limit() const { return came_home_ ? deadline_ + kSteady : deadline_; }
  bool home() const { return !has_feedback() || board_.lock_feedback.read(); }

  Board& board_;
  InputEvents& events_;
  const Settings& settings_;
  bool driven_ = false;
  bool closed_ = false;
  bool failed_ = false;
  bool came_home_ = false;       // since it is driven, be it for a moment
  Millis steady_from_ = kNever;  // when a contact that goes on saying so is believed; kNever: the bolt is not home
  Millis deadline_ = kNever;
};

}  // namespace pb
