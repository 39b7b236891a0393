#include <atomic>
#include <thread>

#include "port/posix/posix_interlock.h"
#include "rig.h"
#include "suites.h"
#include "support/fake_clock.h"
#include "support/fake_waker.h"

using namespace pb;
using namespace pb::posix;

namespace {

constexpr int kContactor = pins::kContactor;
constexpr int kStop = pins::kEmergencyStop;

struct CountingWaker final : Waker {
  std::atomic<int> wakes{0};

  void sleep_until(Millis) override {}
  void wake() override { wakes.fetch_add(1); }
};

/// An interlock on the board's wires, armed with the stop released.
struct Armed {
  RealClock clock;
  CountingWaker waker;
  Wires wires{clock};
  PosixInterlock interlock{wires.gpio, waker, kContactor, kStop};

  explicit Armed(bool pressed = false) {
    wires.gpio.drive(kStop, pressed);
    interlock.arm();
  }
};

void floating_stop_is_a_trip() {
  const RealClock clock;
  CountingWaker waker;
  Wires wires{clock};
  PosixInterlock interlock(wires.gpio, waker, kContactor, kStop);
  interlock.arm();
  TEST_ASSERT_TRUE(interlock.pressed());
  TEST_ASSERT_FALSE(interlock.close());
  TEST_ASSERT_EQUAL_UINT32(1, interlock.take_trips());
}

void arming_opens_the_contactor_and_clears_trips() {
  Armed bench;
  TEST_ASSERT_TRUE(bench.interlock.close());
  bench.wires.gpio.drive(kStop, true);
  bench.wires.gpio.drive(kStop, false);
  bench.interlock.arm();
  TEST_ASSERT_FALSE(bench.interlock.closed());
  TEST_ASSERT_EQUAL_UINT32(0, bench.interlock.take_trips());
}

void stop_opens_the_contactor_and_wakes_the_loop() {
  Armed bench;
  TEST_ASSERT_TRUE(bench.interlock.close());
  check_contains("pin 22 1 ", bench.wires.receive_message());
  bench.wires.gpio.drive(kStop, true);
  check_contains("pin 22 0 ", bench.wires.receive_message(0));
  TEST_ASSERT_FALSE(bench.interlock.closed());
  TEST_ASSERT_EQUAL(1, bench.waker.wakes.load());
}

void ended_trip_keeps_the_contactor_open_until_it_is_taken() {
  Armed bench;
  for (int i = 0; i < 3; ++i) {
    bench.wires.gpio.drive(kStop, true);
    bench.wires.gpio.drive(kStop, false);
  }
  TEST_ASSERT_TRUE(bench.interlock.tripped());
  TEST_ASSERT_FALSE(bench.interlock.close());
  TEST_ASSERT_EQUAL_UINT32(3, bench.interlock.take_trips());
  TEST_ASSERT_TRUE(bench.interlock.close());
}

// The board has sent the edge, but no handler has run yet.
void close_processes_a_pending_stop() {
  Armed bench;
  bench.wires.send_message("pin 25 1");
  bench.wires.send_message("pin 25 0");
  TEST_ASSERT_FALSE(bench.interlock.close());
  TEST_ASSERT_EQUAL_STRING("", bench.wires.receive_message(0).c_str());
}

// Presses from another thread, each at another moment of close(): the contactor is never left closed.
void stop_during_close_keeps_the_contactor_open() {
  Armed bench;
  for (int i = 0; i < 2000; ++i) {
    std::thread board([&bench] {
      bench.wires.gpio.drive(kStop, true);
      bench.wires.gpio.drive(kStop, false);
    });
    bench.interlock.close();
    board.join();
    TEST_ASSERT_FALSE(bench.interlock.closed());
    TEST_ASSERT_FALSE(bench.wires.gpio.level(kContactor));
    TEST_ASSERT_EQUAL_UINT32(1, bench.interlock.take_trips());
    while (!bench.wires.receive_message(0).empty()) {
    }
  }
}

}  // namespace

void run_interlock_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(floating_stop_is_a_trip);
  RUN_TEST(arming_opens_the_contactor_and_clears_trips);
  RUN_TEST(stop_opens_the_contactor_and_wakes_the_loop);
  RUN_TEST(ended_trip_keeps_the_contactor_open_until_it_is_taken);
  RUN_TEST(close_processes_a_pending_stop);
  RUN_TEST(stop_during_close_keeps_the_contactor_open);
}
