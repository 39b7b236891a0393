#include "port/posix/posix_sntp.h"

namespace pb::posix {

void PosixSntp::answer(int64_t unix_ms) {
  const std::lock_guard lock(mutex_);
  const Millis now = clock_.now();
  if (now >= answer_end_) return;
  answer_end_ = 0;
  time_ = {unix_ms, now};
  has_time_ = true;
  next_question_ = now + kUpdateInterval;
  pause_ = kFirstPause;
  waker_.wake();
}

bool PosixSntp::start(Text server) {
  const std::lock_guard lock(mutex_);
  server_.assign(server);
  pause_ = kFirstPause;
  ask(clock_.now());
  return true;
}

void PosixSntp::stop() {
  const std::lock_guard lock(mutex_);
  next_question_ = kNever;
  answer_end_ = 0;
  has_time_ = false;
}

bool PosixSntp::take(SntpTime& time) {
  const std::lock_guard lock(mutex_);
  const Millis now = clock_.now();
  if (now >= next_question_) ask(now);
  if (!has_time_) return false;
  has_time_ = false;
  time = time_;
  return network_.link_up();
}

Millis PosixSntp::deadline() {
  const std::lock_guard lock(mutex_);
  return next_question_;
}

void PosixSntp::ask(Millis now) {
  next_question_ = now + kAnswerLimit + pause_;
  pause_ = earlier(2 * pause_, kLongestPause);
  if (!network_.link_up()) return;
  answer_end_ = now + kAnswerLimit;
  link_.send_sntp({server_.c_str(), server_.length()});
}

}  // namespace pb::posix
