#include <time.h>

#include "port/posix/exit_code.h"
#include "process.h"
#include "stepped_rig.h"
#include "suites.h"

using namespace pb;
using namespace pb::posix;

namespace {

constexpr const char* kCause = "PANIC: the loop has not run for 5 s (task watchdog)";

int64_t cpu_ms() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return int64_t{used.tv_sec} * 1000 + used.tv_nsec / 1'000'000;
}

void compute_for(int64_t ms) {
  for (const int64_t end = cpu_ms() + ms; cpu_ms() < end;) {
  }
}

void a_hang_is_idle_until_the_watchdog_ends_it() {
  SteppedChip chip;
  const Process hanging([&chip](int uart) {
    CrashReporter reporter(uart);
    SteppedTimebase time(chip.bench.device_end, chip.wires.link, chip.sources, reporter);
    if (!time.open(chip.bench.page_fd).empty()) return;
    chip.bench.set(Bench::kStart + 1'000'000'000);
    time.watchdog().feed();
    chip.bench.set(Bench::kStart + 1'700'000'000);
    time.watchdog().hang();
  });
  const std::string bite = std::to_string(Bench::kStart + 6'000'000'000);
  TEST_ASSERT_EQUAL_STRING(("idle 0 " + bite + " 0").c_str(), chip.bench.receive_message().c_str());
  chip.bench.set(Bench::kStart + 5'999'999'999);
  chip.bench.send_message("ask 1");
  TEST_ASSERT_EQUAL_STRING(("idle 1 " + bite + " 0").c_str(), chip.bench.receive_message().c_str());
  chip.bench.set(Bench::kStart + 6'000'000'000);
  chip.bench.send_message("wake");
  std::string printed;
  TEST_ASSERT_EQUAL(exit_code_of(ResetReason::watchdog), hanging.exit_code(printed));
  check_contains(kCause, printed);
  check_contains("backtrace: 0x", printed);
}

void an_endless_loop_is_detected_by_its_processor_time() {
#if defined(__SANITIZE_THREAD__)
  TEST_IGNORE_MESSAGE("ThreadSanitizer delivers a signal only at the next call, and an endless loop makes none");
#endif
  const Process spinning([](int uart) {
    CrashReporter reporter(uart);
    CpuLimit limit(reporter, std::chrono::milliseconds(50));
    limit.restart();
    compute_for(60'000);
  });
  std::string printed;
  TEST_ASSERT_EQUAL(exit_code_of(ResetReason::watchdog), spinning.exit_code(printed));
  check_contains(kCause, printed);
}

void a_loop_that_is_fed_may_compute() {
  const Process working([](int uart) {
    CrashReporter reporter(uart);
    CpuLimit limit(reporter, std::chrono::milliseconds(200));
    for (int i = 0; i < 5; ++i) {
      limit.restart();
      compute_for(100);
    }
  });
  std::string printed;
  TEST_ASSERT_EQUAL(0, working.exit_code(printed));
  TEST_ASSERT_EQUAL_STRING("", printed.c_str());
}

}  // namespace

void run_watchdog_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(a_hang_is_idle_until_the_watchdog_ends_it);
  RUN_TEST(an_endless_loop_is_detected_by_its_processor_time);
  RUN_TEST(a_loop_that_is_fed_may_compute);
}
