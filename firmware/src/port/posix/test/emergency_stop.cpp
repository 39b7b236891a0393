#include <future>
#include <thread>

#include "port/posix/posix_interlock.h"
#include "rig.h"
#include "stepped_rig.h"
#include "suites.h"
#include "support/fake_clock.h"
#include "support/fake_waker.h"

using namespace pb;
using namespace pb::posix;

namespace {

/// Blocks until the test releases it.
struct HeldSleeper final : Sleeper {
  std::promise<void> released;

  void sleep(const std::vector<pollfd>&, Millis) override {}
  void block_until(Micros) override { released.get_future().wait(); }
};

/// Calls `press` while the contactor is closed and an erase of 2 s blocks the loop, which `press` lets end.
template <typename Press>
void during_an_erase(Wires& wires, PosixFlash& flash, Press press) {
  FakeClock still;
  FakeWaker waker(still);
  wires.gpio.drive(pins::kEmergencyStop, false);
  PosixInterlock interlock(wires.gpio, waker, pins::kContactor, pins::kEmergencyStop);
  interlock.arm();
  TEST_ASSERT_TRUE(interlock.close());
  check_contains("pin 22 1 ", wires.receive_message());
  flash.set_erase_time(2000);
  std::thread loop([&flash] { flash.erase(0); });
  press();
  loop.join();
}

void the_emergency_stop_opens_the_contactor_during_an_erase() {
  static const RealClock clock;  // the link's reader uses it and the wires until the process ends
  static Wires wires{clock};
  HeldSleeper held;
  PosixFlash flash{clock, held, wires.link};
  const std::string path = flash_file(1);
  TEST_ASSERT_EQUAL_STRING("", flash.open(path).c_str());
  unlink(path.c_str());
  int64_t pressed = 0;
  std::string opened;
  during_an_erase(wires, flash, [&] {
    wires.link.start_reader();
    pressed = clock.bench_ns();
    wires.send_message("pin 25 1");
    opened = wires.receive_message();
    held.released.set_value();
  });
  check_contains("pin 22 0 ", opened);
  const int64_t stamp = atoll(opened.substr(strlen("pin 22 0 ")).c_str());
  TEST_ASSERT_TRUE(stamp >= pressed && stamp <= clock.bench_ns());
}

void in_stepped_time_the_emergency_stop_opens_the_contactor_during_an_erase() {
  SteppedChip chip;
  during_an_erase(chip.wires, chip.flash, [&chip] {
    const std::string end = std::to_string(Bench::kStart + 2'000'000'000);
    TEST_ASSERT_EQUAL_STRING(("idle 0 " + end + " 0").c_str(), chip.bench.receive_message().c_str());
    chip.bench.set(Bench::kStart + 700);
    chip.wires.send_message("pin 25 1");
    chip.bench.send_message("ask 1");
    TEST_ASSERT_EQUAL_STRING(("idle 1 " + end + " 0").c_str(), chip.bench.receive_message().c_str());
    // The answer covers the edge: its handler has run.
    TEST_ASSERT_EQUAL_STRING(("pin 22 0 " + std::to_string(Bench::kStart + 700)).c_str(),
                             chip.wires.receive_message(0).c_str());
    chip.bench.set(Bench::kStart + 2'000'000'000);
    chip.bench.send_message("wake");
  });
}

}  // namespace

void run_emergency_stop_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(the_emergency_stop_opens_the_contactor_during_an_erase);
  RUN_TEST(in_stepped_time_the_emergency_stop_opens_the_contactor_during_an_erase);
}
