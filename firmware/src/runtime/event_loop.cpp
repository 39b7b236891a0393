#include "runtime/event_loop.h"

#include "core/require.h"

namespace pb {

void EventLoop::add(Feature& feature) {
  require(count_ < kMaxFeatures);
  features_[count_++] = &feature;
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
    spent_[i] += took;
    if (took > kSlowPoll && listener_.call != nullptr) listener_.call(listener_.context, feature.name(), took);
    before = after;
  }
  const Micros round = before - start;
  if (round > longest_round_) longest_round_ = round;
  busy_ += round;
  size_t bucket = 0;
  while (bucket + 1 < kTurnBuckets && round >= kTurnLimits[bucket]) ++bucket;
  ++turns_[bucket];
  ++rounds_;
  return deadline;
}

Micros EventLoop::take_longest_round() {
  const Micros longest = longest_round_;
  longest_round_ = 0;
  return longest;
}

}  // namespace pb
