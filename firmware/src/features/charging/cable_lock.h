#pragma once

#include "core/time.h"
#include "features/board/board.h"
#include "features/config/settings.h"

namespace pb {

/// The lock that holds the cable. Where a feedback contact is wired (lock_timeout_ms above 0), it tells whether the
/// bolt has followed; without one the bolt counts as moved when it is driven.
class CableLock {
 public:
  CableLock(Board& board, const Settings& settings) : board_(board), settings_(settings) {}

  void drive(bool closed, Millis now) {
    if (closed == driven_) return;
    driven_ = closed;
    since_ = now;
    board_.lock.set(closed);
  }
  bool driven() const { return driven_; }
  /// Whether the bolt is where it is driven to.
  bool settled() const { return !has_feedback() || board_.lock_feedback.read() == driven_; }
  bool closed() const { return driven_ && settled(); }
  /// Whether the bolt has had its time and is not where it is driven to.
  bool failed(Millis now) const { return !settled() && now >= deadline(); }
  /// When failed() is to be looked at again.
  Millis next_due() const { return settled() ? kNever : deadline(); }

 private:
  bool has_feedback() const { return settings_.lock_timeout_ms != 0; }
  Millis deadline() const { return since_ + settings_.lock_timeout_ms; }

  Board& board_;
  const Settings& settings_;
  bool driven_ = false;
  Millis since_ = 0;
};

}  // namespace pb
