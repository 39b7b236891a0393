#include "port/posix/posix_edges.h"
#include "rig.h"
#include "suites.h"
#include "support/fake_clock.h"
#include "support/fake_waker.h"

using namespace pb;
using namespace pb::posix;

namespace {

constexpr int kPin = pins::kAuthButton;

struct Watched {
  RealClock real;
  FakeClock clock;
  FakeWaker waker{clock};
  Wires wires{real};
  PosixEdges edges{wires.gpio, clock, waker};

  explicit Watched(uint32_t quiet_ms = 0) { edges.watch(kPin, quiet_ms); }

  void tap() {
    wires.gpio.drive(kPin, true);
    wires.gpio.drive(kPin, false);
  }
};

void both_edges_are_counted_and_wake_the_loop() {
  Watched bench;
  bench.tap();
  bench.tap();
  TEST_ASSERT_EQUAL_UINT32(4, bench.edges.count(kPin));
  TEST_ASSERT_EQUAL(4, bench.waker.wakes);
}

void edge_is_counted_when_the_board_has_sent_it() {
  Watched bench;
  bench.wires.send_message("pin " + std::to_string(kPin) + " 1");
  TEST_ASSERT_EQUAL_UINT32(1, bench.edges.count(kPin));
}

void unwatched_pin_is_not_counted() {
  Watched bench;
  bench.wires.gpio.drive(pins::kCable, true);
  TEST_ASSERT_EQUAL_UINT32(0, bench.edges.count(pins::kCable));
  TEST_ASSERT_EQUAL(0, bench.waker.wakes);
}

void bounces_are_one_press() {
  Watched bench(50);
  for (int i = 0; i < 3; ++i) bench.tap();
  bench.clock.advance(49);
  bench.tap();
  TEST_ASSERT_EQUAL_UINT32(1, bench.edges.presses(kPin));
  bench.clock.advance(50);
  bench.tap();
  TEST_ASSERT_EQUAL_UINT32(2, bench.edges.presses(kPin));
}

void release_is_no_press() {
  Watched bench(50);
  bench.wires.gpio.drive(kPin, true);
  bench.clock.advance(200);
  bench.wires.gpio.drive(kPin, false);
  TEST_ASSERT_EQUAL_UINT32(1, bench.edges.presses(kPin));
}

}  // namespace

void run_edges_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(both_edges_are_counted_and_wake_the_loop);
  RUN_TEST(edge_is_counted_when_the_board_has_sent_it);
  RUN_TEST(unwatched_pin_is_not_counted);
  RUN_TEST(bounces_are_one_press);
  RUN_TEST(release_is_no_press);
}
