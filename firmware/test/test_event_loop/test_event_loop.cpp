#include <string>

#include "runtime/event_loop.h"
#include "runtime/worker_feature.h"
#include "support/check.h"
#include "support/fake_clock.h"
#include "support/fake_worker.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

struct Probe final : Feature {
  Probe(FakeClock& fake, const char* word, Millis next, Micros takes_us = 0)
      : clock(fake), word_(word), next_(next), takes(takes_us) {}
  const char* name() const override { return word_; }
  Millis poll(Millis now) override {
    seen = now;
    ++polls;
    clock.advance_us(takes);
    return next_;
  }
  FakeClock& clock;
  const char* word_;
  Millis next_;
  Micros takes;
  Millis seen = 0;
  int polls = 0;
};

struct Reported {
  std::string feature;
  Micros took = 0;
  int count = 0;
};

EventLoop::SlowPollListener listener_of(Reported& reported) {
  return {[](void* context, const char* feature, Micros took) {
            auto& to = *static_cast<Reported*>(context);
            to.feature = feature;
            to.took = took;
            ++to.count;
          },
          &reported};
}

void the_earliest_deadline_wins() {
  FakeClock clock;
  EventLoop loop(clock, {});
  TEST_ASSERT_EQUAL_UINT64(kNever, loop.run_once());
  Probe idle(clock, "idle", kNever);
  Probe late(clock, "late", 900);
  Probe soon(clock, "soon", 40);
  loop.add(idle);
  loop.add(late);
  loop.add(soon);
  TEST_ASSERT_EQUAL_UINT64(40, loop.run_once());
  TEST_ASSERT_EQUAL(1, idle.polls);
  TEST_ASSERT_EQUAL(2, loop.rounds());
}

void each_feature_gets_the_time_of_its_own_poll() {
  FakeClock clock;
  clock.set(100);
  EventLoop loop(clock, {});
  Probe first(clock, "first", kNever, 7000);
  Probe second(clock, "second", kNever);
  loop.add(first);
  loop.add(second);
  loop.run_once();
  TEST_ASSERT_EQUAL_UINT64(100, first.seen);
  TEST_ASSERT_EQUAL_UINT64(107, second.seen);
}

void slow_polls_are_reported_by_name() {
  FakeClock clock;
  Reported reported;
  EventLoop loop(clock, listener_of(reported));
  Probe at_limit(clock, "at_limit", kNever, EventLoop::kSlowPoll);
  Probe above(clock, "above", kNever, EventLoop::kSlowPoll + 1);
  loop.add(at_limit);
  loop.add(above);
  loop.run_once();
  TEST_ASSERT_EQUAL(1, reported.count);
  TEST_ASSERT_EQUAL_STRING("above", reported.feature.c_str());
  TEST_ASSERT_EQUAL_UINT64(EventLoop::kSlowPoll + 1, reported.took);
}

void the_longest_round_is_recorded() {
  FakeClock clock;
  EventLoop loop(clock, {});
  Probe one(clock, "one", kNever, 300);
  Probe two(clock, "two", kNever, 200);
  loop.add(one);
  loop.add(two);
  loop.run_once();
  one.takes = 100;
  loop.run_once();
  TEST_ASSERT_EQUAL_UINT64(500, loop.take_longest_round());
  TEST_ASSERT_EQUAL_UINT64(0, loop.take_longest_round());
}

void an_answer_of_a_worker_starts_another_round_at_once() {
  FakeWorker worker;
  WorkerFeature feature(worker);
  TEST_ASSERT_EQUAL_UINT64(kNever, feature.poll(5));
  int ran = 0;
  worker.post(
      {[](void* count) { ++*static_cast<int*>(count); }, [](void* count) { *static_cast<int*>(count) += 10; }, &ran});
  TEST_ASSERT_EQUAL_UINT64(6, feature.poll(6));
  TEST_ASSERT_EQUAL(11, ran);
  TEST_ASSERT_EQUAL_UINT64(kNever, feature.poll(7));
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(the_earliest_deadline_wins);
  RUN_TEST(each_feature_gets_the_time_of_its_own_poll);
  RUN_TEST(slow_polls_are_reported_by_name);
  RUN_TEST(the_longest_round_is_recorded);
  RUN_TEST(an_answer_of_a_worker_starts_another_round_at_once);
  return UNITY_END();
}
