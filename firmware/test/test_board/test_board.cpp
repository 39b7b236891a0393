#include "features/board/board.h"
#include "support/check.h"
#include "support/fake_gpio.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

void inputs_follow_their_wires() {
  FakeGpio gpio;
  Board board(gpio);
  const struct {
    const Input& input;
    int pin;
  } wires[] = {{board.cable, 32},
               {board.vehicle_ready, 33},
               {board.auth_button, 26},
               {board.power_fail, 34},
               {board.lock_feedback, 35}};
  for (const auto& wire : wires) {
    TEST_ASSERT_FALSE(wire.input.read());
    gpio.drive(wire.pin, true);
    TEST_ASSERT_TRUE(wire.input.read());
  }
}

void outputs_start_low_and_write_only_changes() {
  FakeGpio gpio;
  gpio.write(18, true);
  Board board(gpio);
  TEST_ASSERT_FALSE(gpio.read(18));
  const int before = gpio.changes(18);
  board.led_status.set(true);
  board.led_status.set(true);
  TEST_ASSERT_TRUE(gpio.read(18));
  TEST_ASSERT_EQUAL(before + 1, gpio.changes(18));
}

void pulses_are_counted_from_the_start_of_the_board() {
  FakeGpio gpio;
  gpio.pulse(27, 3);
  Board board(gpio);
  gpio.pulse(27, 5);
  TEST_ASSERT_EQUAL(5, board.meter.count());
}

void the_contactor_is_not_an_output_of_the_board() {
  FakeGpio gpio;
  gpio.write(pins::kContactor, true);
  const int before = gpio.changes(pins::kContactor);
  Board board(gpio);
  TEST_ASSERT_EQUAL(before, gpio.changes(pins::kContactor));
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(inputs_follow_their_wires);
  RUN_TEST(outputs_start_low_and_write_only_changes);
  RUN_TEST(pulses_are_counted_from_the_start_of_the_board);
  RUN_TEST(the_contactor_is_not_an_output_of_the_board);
  return UNITY_END();
}
