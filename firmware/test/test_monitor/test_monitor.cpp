#include "features/monitor/monitor.h"
#include "support/check.h"
#include "support/fake_clock.h"
#include "support/fake_system.h"
#include "support/fake_tcp.h"
#include "support/fake_uart.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

struct Bench {
  FakeClock clock;
  FakeUart uart;
  Logger log{clock, uart};
  FakeHeap heap;
  FakeTcp tcp;
  EventLoop loop{clock, {}};
  Monitor monitor{heap, tcp, loop, log};

  Millis poll_at(Millis now) {
    clock.set(now);
    return monitor.poll(now);
  }
};

void a_record_has_every_number() {
  Bench bench;
  uint64_t queue = 3;
  bench.monitor.add({"queue", [](const void* number) { return *static_cast<const uint64_t*>(number); }, &queue});
  bench.tcp.open("host", 1, {});
  bench.heap = {};
  bench.loop.run_once();
  TEST_ASSERT_EQUAL_UINT64(2000, bench.poll_at(1000));
  TEST_ASSERT_EQUAL_STRING(
      "T (1000) monitor: {\"uptime_ms\":1000,\"heap_free\":200000,\"heap_largest\":120000,\"heap_min\":180000,"
      "\"loop_max_us\":0,\"loops\":1,\"sockets\":1,\"queue\":3}\r\n",
      bench.uart.take().c_str());
}

void records_are_printed_once_a_second() {
  Bench bench;
  TEST_ASSERT_EQUAL_UINT64(1000, bench.poll_at(0));
  TEST_ASSERT_EQUAL_UINT64(1000, bench.poll_at(999));
  TEST_ASSERT_EQUAL_STRING("", bench.uart.take().c_str());
  TEST_ASSERT_EQUAL_UINT64(2000, bench.poll_at(1003));
  TEST_ASSERT_EQUAL_UINT64(2000, bench.poll_at(1500));
  check_contains("T (1003)", bench.uart.take());
  TEST_ASSERT_EQUAL_UINT64(6000, bench.poll_at(5500));
  const std::string late = bench.uart.take();
  TEST_ASSERT_EQUAL_size_t(late.find("monitor"), late.rfind("monitor"));
}

void counters_have_a_limit() {
  Bench bench;
  for (size_t i = 0; i < Monitor::kMaxCounters; ++i) TEST_ASSERT_TRUE(bench.monitor.add({}));
  TEST_ASSERT_FALSE(bench.monitor.add({}));
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(a_record_has_every_number);
  RUN_TEST(records_are_printed_once_a_second);
  RUN_TEST(counters_have_a_limit);
  return UNITY_END();
}
