#include <vector>

#include "features/led_status/led_status.h"
#include "support/check.h"
#include "support/fake_gpio.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

struct Change {
  Millis at;
  bool lit;
};

/// Polls the feature at its own deadlines for `span` milliseconds. @return the first level and every change of the pin.
std::vector<Change> watch(LedStatus& lights, FakeGpio& gpio, int pin, Millis start, Millis span) {
  std::vector<Change> changes;
  for (Millis now = start; now < start + span;) {
    const Millis next = lights.poll(now);
    const bool lit = gpio.read(pin);
    if (changes.empty() || changes.back().lit != lit) changes.push_back({now - start, lit});
    TEST_ASSERT_TRUE(next > now);
    now = next;
  }
  return changes;
}

void check_changes(const std::vector<Change>& expected, const std::vector<Change>& actual) {
  TEST_ASSERT_EQUAL_size_t(expected.size(), actual.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    TEST_ASSERT_EQUAL_UINT64(expected[i].at, actual[i].at);
    TEST_ASSERT_EQUAL(expected[i].lit, actual[i].lit);
  }
}

void check_status(StatusLight light, const std::vector<Change>& expected) {
  FakeGpio gpio;
  Board board(gpio);
  LedStatus lights(board);
  lights.show({light, NetworkLight::no_link, FaultLight::none});
  check_changes(expected, watch(lights, gpio, pins::kLedStatus, 12345, 2000));
}

void check_network(NetworkLight light, const std::vector<Change>& expected) {
  FakeGpio gpio;
  Board board(gpio);
  LedStatus lights(board);
  lights.show({StatusLight::available, light, FaultLight::none});
  check_changes(expected, watch(lights, gpio, pins::kLedNetwork, 777, 1000));
}

void check_fault(FaultLight light, const std::vector<Change>& expected) {
  FakeGpio gpio;
  Board board(gpio);
  LedStatus lights(board);
  lights.show({StatusLight::available, NetworkLight::no_link, light});
  check_changes(expected, watch(lights, gpio, pins::kLedFault, 5, 500));
}

std::vector<Change> blink(Millis half_period, Millis span) {
  std::vector<Change> changes;
  for (Millis at = 0; at < span; at += half_period) changes.push_back({at, changes.size() % 2 == 0});
  return changes;
}

void status_light_shows_the_state_of_the_connector() {
  check_status(StatusLight::available, {{0, true}});
  check_status(StatusLight::preparing, blink(250, 2000));
  check_status(StatusLight::charging, blink(500, 2000));
  check_status(StatusLight::suspended, {{0, true}, {100, false}, {1000, true}, {1100, false}});
  check_status(
      StatusLight::finishing,
      {{0, true}, {100, false}, {200, true}, {300, false}, {1000, true}, {1100, false}, {1200, true}, {1300, false}});
  check_status(StatusLight::out_of_order, {{0, false}});
}

void network_light_shows_the_state_of_the_connection() {
  check_network(NetworkLight::no_link, {{0, false}});
  check_network(NetworkLight::link, blink(250, 1000));
  check_network(NetworkLight::connected, {{0, true}, {100, false}, {200, true}, {300, false}});
  check_network(NetworkLight::unreported, {{0, true}, {900, false}});
  check_network(NetworkLight::accepted, {{0, true}});
}

void fault_light_distinguishes_the_stop_from_other_errors() {
  check_fault(FaultLight::none, {{0, false}});
  check_fault(FaultLight::emergency_stop, {{0, true}});
  check_fault(FaultLight::error, blink(125, 500));
}

void a_steady_light_needs_no_polling() {
  FakeGpio gpio;
  Board board(gpio);
  LedStatus lights(board);
  lights.show({StatusLight::available, NetworkLight::accepted, FaultLight::none});
  TEST_ASSERT_EQUAL_UINT64(kNever, lights.poll(0));
}

void a_pattern_continues_when_shown_again_and_restarts_when_changed() {
  FakeGpio gpio;
  Board board(gpio);
  LedStatus lights(board);
  LedState state{StatusLight::charging, NetworkLight::no_link, FaultLight::none};
  lights.show(state);
  lights.poll(1000);
  lights.show(state);
  lights.poll(1600);
  TEST_ASSERT_FALSE(gpio.read(pins::kLedStatus));
  state.status = StatusLight::preparing;
  lights.show(state);
  TEST_ASSERT_EQUAL_UINT64(1850, lights.poll(1600));
  TEST_ASSERT_TRUE(gpio.read(pins::kLedStatus));
}

void a_late_poll_does_not_shift_the_pattern() {
  FakeGpio gpio;
  Board board(gpio);
  LedStatus lights(board);
  lights.show({StatusLight::charging, NetworkLight::no_link, FaultLight::none});
  lights.poll(0);
  TEST_ASSERT_EQUAL_UINT64(1000, lights.poll(730));
  TEST_ASSERT_FALSE(gpio.read(pins::kLedStatus));
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(status_light_shows_the_state_of_the_connector);
  RUN_TEST(network_light_shows_the_state_of_the_connection);
  RUN_TEST(fault_light_distinguishes_the_stop_from_other_errors);
  RUN_TEST(a_steady_light_needs_no_polling);
  RUN_TEST(a_pattern_continues_when_shown_again_and_restarts_when_changed);
  RUN_TEST(a_late_poll_does_not_shift_the_pattern);
  return UNITY_END();
}
