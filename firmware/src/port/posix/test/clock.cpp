#include "rig.h"
#include "stepped_rig.h"
#include "suites.h"

using namespace pb;
using namespace pb::posix;

namespace {

void real_waits_end_at_their_deadline() {
  RealClock clock;
  RealSleeper sleeper(clock);
  sleeper.block_until(3000);
  TEST_ASSERT_TRUE(clock.now_us() >= 3000);
  sleeper.sleep({}, 6);
  TEST_ASSERT_TRUE(clock.now_us() >= 6000);
}

// An unsigned difference would be a sleep of 49 days or more.
void deadline_in_the_past_returns_at_once() {
  RealClock clock;
  RealSleeper sleeper(clock);
  WakeSources sources;
  PosixWaker waker(sleeper, sources);
  sleeper.block_until(5000);
  const Micros before = clock.now_us();
  waker.sleep_until(0);
  waker.sleep_until(4);
  TEST_ASSERT_TRUE(clock.now_us() - before < 1'000'000);
}

void device_time_counts_from_the_start() {
  Bench bench;
  SteppedClock clock;
  TEST_ASSERT_EQUAL_STRING("", clock.open(bench.page_fd).c_str());
  bench.set(Bench::kStart + 500);
  clock.start();
  bench.set(Bench::kStart + 3'000'999 + 500);
  TEST_ASSERT_EQUAL_UINT64(3000, clock.now_us());
  TEST_ASSERT_EQUAL_INT64(Bench::kStart + 3'000'999 + 500, clock.bench_ns());
}

void times_beyond_the_range_are_never() {
  Bench bench;
  SteppedClock clock;
  TEST_ASSERT_EQUAL_STRING("", clock.open(bench.page_fd).c_str());
  TEST_ASSERT_EQUAL_INT64(Bench::kStart + 8000, clock.bench_ns_at(8));
  TEST_ASSERT_EQUAL_INT64(PosixClock::kNeverNs, clock.bench_ns_at(micros_of(kNever)));
  TEST_ASSERT_EQUAL_INT64(PosixClock::kNeverNs, clock.bench_ns_at(micros_of(kNever - 1)));
  TEST_ASSERT_EQUAL_INT64(PosixClock::kNeverNs, clock.bench_ns_at(INT64_MAX / 1000));
}

void an_invalid_clock_page_is_explained() {
  SteppedClock clock;
  check_contains("cannot be mapped: Bad file descriptor", clock.open(-1));
  const int empty = memfd_create("empty", MFD_CLOEXEC);
  check_contains("has 0 bytes instead of 4096", clock.open(empty));
  close(empty);
}

}  // namespace

void run_clock_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(real_waits_end_at_their_deadline);
  RUN_TEST(deadline_in_the_past_returns_at_once);
  RUN_TEST(device_time_counts_from_the_start);
  RUN_TEST(times_beyond_the_range_are_never);
  RUN_TEST(an_invalid_clock_page_is_explained);
}
