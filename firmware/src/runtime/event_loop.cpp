#include "runtime/event_loop.h"

namespace pb {

bool EventLoop::add(Feature& feature) {
  if (count_ == kMaxFeatures) return false;
  features_[count_++] = &feature;
  return true;
}

Millis EventLoop::run_once() {
  Millis deadline = kNever;
  const Micros start = clock_.now_us();
  Micros before = start;
  for (size_t i = 0; i < count_; ++i) {
    Feature& feature = *features_[i];
    deadline = earlier(deadline, feature.poll(before / 1000));
    const Micros after = clock_.now_us();
    const Micros took = after - before;
    if (took > kSlowPoll && listener_.call != nullptr) listener_.call(listener_.context, feature.name(), took);
    before = after;
  }
  if (before - start > longest_round_) longest_round_ = before - start;
  ++rounds_;
  return deadline;
}

Micros EventLoop::take_longest_round() {
  const Micros longest = longest_round_;
  longest_round_ = 0;
  return longest;
}

}  // namespace pb
