#include "rig.h"
#include "suites.h"

using namespace pb;
using namespace pb::posix;

namespace {

void pulses_are_counted_on_rising_edges() {
  const RealClock clock;
  Wires wires{clock};
  wires.gpio.configure(27, PinMode::input_pull_down);
  wires.gpio.count_pulses(27);
  for (int i = 0; i < 5; ++i) {
    wires.gpio.drive(27, true);
    wires.gpio.drive(27, true);
    wires.gpio.drive(27, false);
  }
  TEST_ASSERT_EQUAL(5, wires.gpio.pulses(27));
}

void pins_have_pulls_until_they_are_driven() {
  const RealClock clock;
  Wires wires{clock};
  wires.gpio.configure(25, PinMode::input_pull_up);
  TEST_ASSERT_TRUE(wires.gpio.read(25));
  wires.gpio.drive(25, false);
  wires.gpio.configure(25, PinMode::input_pull_up);
  TEST_ASSERT_FALSE(wires.gpio.read(25));
  TEST_ASSERT_FALSE(wires.gpio.drive(40, true));
}

void only_changes_of_outputs_are_sent() {
  const RealClock clock;
  Wires wires{clock};
  wires.gpio.write(18, true);
  wires.gpio.write(18, true);
  wires.gpio.write(18, false);
  check_contains("pin 18 1 ", wires.receive_message());
  check_contains("pin 18 0 ", wires.receive_message());
  TEST_ASSERT_EQUAL_STRING("", wires.receive_message(0).c_str());
}

void every_message_of_the_board_is_known() {
  const RealClock clock;
  Wires wires{clock};
  const char* const messages[] = {
      "pin 32 1", "ap up 200 300", "ap down 0 0", "flash erase_ms 400", "flash tear 3 random 7", "flash full 1",
      "leak 64",  "sntp -5",       "go"};
  for (const char* message : messages) wires.send_message(message);
  wires.link.wait_for_go();
  TEST_ASSERT_TRUE(wires.gpio.read(32));
  const std::vector<std::string> expected = {"ap up 200 300", "ap down 0 0", "erase 400", "tear 3 random 7",
                                             "full",          "leak 64",     "sntp -5"};
  TEST_ASSERT_EQUAL_size_t(expected.size(), wires.received.size());
  for (size_t i = 0; i < expected.size(); ++i) TEST_ASSERT_EQUAL_STRING(expected[i].c_str(), wires.received[i].c_str());
}

void level_can_be_read_when_the_board_has_set_it() {
  const RealClock clock;
  Wires wires{clock};
  wires.gpio.count_pulses(pins::kMeterPulse);
  wires.send_message("pin " + std::to_string(pins::kCable) + " 1");
  TEST_ASSERT_TRUE(wires.gpio.read(pins::kCable));
  wires.send_message("pin " + std::to_string(pins::kMeterPulse) + " 1");
  wires.send_message("pin " + std::to_string(pins::kMeterPulse) + " 0");
  TEST_ASSERT_EQUAL_UINT32(1, wires.gpio.pulses(pins::kMeterPulse));
}

void handler_may_read_pins_before_further_messages() {
  const RealClock clock;
  Wires wires{clock};
  wires.gpio.attach(pins::kCable,
                    {[](void* context, int, bool) {
                       auto* self = static_cast<Wires*>(context);
                       self->received.push_back(self->gpio.read(pins::kVehicleReady) ? "ready" : "not ready");
                     },
                     &wires});
  wires.send_message("pin " + std::to_string(pins::kCable) + " 1");
  wires.send_message("pin " + std::to_string(pins::kVehicleReady) + " 1");
  TEST_ASSERT_TRUE(wires.gpio.read(pins::kVehicleReady));
  TEST_ASSERT_EQUAL_STRING("not ready", wires.received.at(0).c_str());
}

}  // namespace

void run_wires_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(pulses_are_counted_on_rising_edges);
  RUN_TEST(pins_have_pulls_until_they_are_driven);
  RUN_TEST(only_changes_of_outputs_are_sent);
  RUN_TEST(every_message_of_the_board_is_known);
  RUN_TEST(level_can_be_read_when_the_board_has_set_it);
  RUN_TEST(handler_may_read_pins_before_further_messages);
}
