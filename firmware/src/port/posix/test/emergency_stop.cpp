#include <atomic>
#include <thread>

#include "features/safety/safety.h"
#include "rig.h"
#include "suites.h"
#include "support/fake_clock.h"
#include "support/fake_waker.h"

using namespace pb;
using namespace pb::posix;

namespace {

void the_emergency_stop_opens_the_contactor_during_an_erase() {
  static Chip chip;  // the link's reader uses it as long as the process lives
  FakeClock still;
  FakeWaker waker(still);
  chip.wires.gpio.drive(pins::kEmergencyStop, false);
  Safety safety(chip.wires.gpio, waker);
  TEST_ASSERT_TRUE(safety.close_contactor());
  check_contains("pin 22 1 ", chip.wires.hear());
  chip.wires.link.start_reader();
  chip.flash.set_erase_time(2000);
  std::atomic<bool> erasing{true};
  std::thread loop([&] {
    chip.flash.erase(0);
    erasing.store(false);
  });
  const int64_t pressed = monotonic_ns();
  chip.wires.say("pin 25 1");
  const std::string opened = chip.wires.hear();
  const bool during = erasing.load();
  chip.clock.set_scale(1000.0);  // the rest of the erase needs no waiting for
  loop.join();
  check_contains("pin 22 0 ", opened);
  TEST_ASSERT_TRUE(during);
  const int64_t stamp = atoll(opened.substr(strlen("pin 22 0 ")).c_str());
  TEST_ASSERT_TRUE(stamp >= pressed && stamp <= monotonic_ns());
}

}  // namespace

void run_emergency_stop_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(the_emergency_stop_opens_the_contactor_during_an_erase);
}
