#include "features/safety/safety.h"
#include "support/check.h"
#include "support/fake_clock.h"
#include "support/fake_gpio.h"
#include "support/fake_interlock.h"
#include "support/fake_waker.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

struct Bench {
  FakeClock clock;
  FakeWaker waker{clock};
  FakeGpio gpio;
  FakeInterlock interlock{gpio, waker};

  bool closed() const { return gpio.read(pins::kContactor); }
};

/// A released stop button is wired.
struct Released : Bench {
  Released() { gpio.drive(pins::kEmergencyStop, false); }
};

struct Running : Released {
  Safety safety{interlock};
};

void the_contactor_is_open_at_the_start() {
  Bench bench;
  bench.gpio.write(pins::kContactor, true);
  Safety safety(bench.interlock);
  TEST_ASSERT_FALSE(bench.closed());
  TEST_ASSERT_FALSE(safety.contactor_closed());
}

void a_floating_wire_is_a_pressed_stop() {
  Bench bench;
  Safety safety(bench.interlock);
  TEST_ASSERT_TRUE(safety.stop_pressed());
  TEST_ASSERT_TRUE(safety.take_stop_event());
  TEST_ASSERT_FALSE(safety.close_contactor());
  TEST_ASSERT_FALSE(bench.closed());
}

void the_contactor_closes_and_opens_on_demand() {
  Running bench;
  TEST_ASSERT_TRUE(bench.safety.close_contactor());
  TEST_ASSERT_TRUE(bench.closed() && bench.safety.contactor_closed());
  bench.safety.open_contactor();
  TEST_ASSERT_FALSE(bench.closed() || bench.safety.contactor_closed());
}

void the_stop_opens_the_contactor_in_the_interrupt() {
  Running bench;
  bench.safety.close_contactor();
  bench.waker.wakes = 0;
  bench.gpio.drive(pins::kEmergencyStop, true);
  TEST_ASSERT_FALSE(bench.closed());
  TEST_ASSERT_FALSE(bench.safety.contactor_closed());
  TEST_ASSERT_EQUAL(1, bench.waker.wakes);
  TEST_ASSERT_TRUE(bench.safety.take_stop_event());
  TEST_ASSERT_FALSE(bench.safety.take_stop_event());
}

void the_contactor_stays_open_after_the_release() {
  Running bench;
  bench.safety.close_contactor();
  bench.gpio.drive(pins::kEmergencyStop, true);
  bench.gpio.drive(pins::kEmergencyStop, false);
  TEST_ASSERT_FALSE(bench.closed());
  TEST_ASSERT_TRUE(bench.safety.take_stop_event());
  TEST_ASSERT_TRUE(bench.safety.close_contactor());
}

// The stop ended while the loop was busy: the loop has not processed it yet.
void an_unprocessed_stop_keeps_the_contactor_open() {
  Running bench;
  bench.gpio.pulse(pins::kEmergencyStop);
  TEST_ASSERT_TRUE(bench.safety.stopped());
  TEST_ASSERT_FALSE(bench.safety.close_contactor());
  TEST_ASSERT_EQUAL(0, bench.gpio.changes(pins::kContactor));
  TEST_ASSERT_TRUE(bench.safety.take_stop_event());
  TEST_ASSERT_TRUE(bench.safety.close_contactor());
}

void destruction_opens_the_contactor() {
  Released bench;
  {
    Safety safety(bench.interlock);
    TEST_ASSERT_TRUE(safety.close_contactor());
  }
  TEST_ASSERT_FALSE(bench.closed());
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(the_contactor_is_open_at_the_start);
  RUN_TEST(a_floating_wire_is_a_pressed_stop);
  RUN_TEST(the_contactor_closes_and_opens_on_demand);
  RUN_TEST(the_stop_opens_the_contactor_in_the_interrupt);
  RUN_TEST(the_contactor_stays_open_after_the_release);
  RUN_TEST(an_unprocessed_stop_keeps_the_contactor_open);
  RUN_TEST(destruction_opens_the_contactor);
  return UNITY_END();
}
