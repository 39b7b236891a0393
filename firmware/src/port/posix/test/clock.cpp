#include "port/posix/posix_clock.h"
#include "port/posix/posix_waker.h"
#include "rig.h"
#include "suites.h"
#include "support/check.h"

using namespace pb;
using namespace pb::posix;

namespace {

void clock_changes_its_pace_without_a_jump() {
  PosixClock clock(1000.0);
  clock.start();
  clock.block_until(2'000'000);
  const Micros before = clock.now_us();
  clock.set_scale(1.0);
  const Micros after = clock.now_us();
  TEST_ASSERT_TRUE(after >= before);
  TEST_ASSERT_TRUE(after - before < 1'000'000);  // a second of the fast clock is a millisecond
}

void a_wait_follows_a_change_of_pace() {
  PosixClock clock(0.001);
  clock.start();
  const int64_t start = monotonic_ns();
  std::thread hurry([&clock] { clock.set_scale(10'000.0); });
  clock.block_until(10'000'000);  // ten seconds: three hours at the slow pace
  hurry.join();
  TEST_ASSERT_TRUE(monotonic_ns() - start < int64_t{kLimitMs} * 1'000'000);
}

}  // namespace

void run_clock_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(clock_changes_its_pace_without_a_jump);
  RUN_TEST(a_wait_follows_a_change_of_pace);
}
