#include "core/latency_histogram.h"
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
  FakeSystem system;
  Monitor monitor{heap, tcp, system, loop, log};

  Millis poll_at(Millis now) {
    clock.set(now);
    return monitor.poll(now);
  }
};

int64_t value_of(const void* number) { return *static_cast<const int64_t*>(number); }

void a_record_has_every_number() {
  Bench bench;
  int64_t queue = 3;
  bench.monitor.add({"queue", "", &value_of, &queue});
  bench.tcp.open("host", 1, {});
  bench.heap = {};
  bench.loop.run_once();
  TEST_ASSERT_EQUAL_UINT64(2000, bench.poll_at(1000));
  TEST_ASSERT_EQUAL_STRING(
      "T (1000) monitor: {\"uptime_ms\":1000,\"heap_free\":200000,\"heap_largest\":120000,\"heap_min\":180000,"
      "\"loop_max_us\":0,\"loops\":1,\"cpu\":0,\"sockets\":1,\"queue\":3}\r\n",
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

/// Takes a share of the processor's time.
struct Hog final : Feature {
  FakeClock& clock;
  Micros takes;
  explicit Hog(FakeClock& fake, Micros takes_us) : clock(fake), takes(takes_us) {}
  const char* name() const override { return "hog"; }
  Millis poll(Millis) override {
    clock.advance_us(takes);
    return kNever;
  }
};

struct Idle final : Feature {
  const char* name() const override { return "idle"; }
  Millis poll(Millis) override { return kNever; }
};

std::string full(const Monitor& monitor) {
  char bytes[2048];
  JsonWriter json{Span<char>(bytes)};
  monitor.write_full(json);
  return str(json.text());
}

void a_feature_that_takes_a_fifth_of_the_processor_is_named() {
  Bench bench;
  Hog hog{bench.clock, 20'000};
  Idle idle;
  bench.loop.add(hog);
  bench.loop.add(idle);
  for (int round = 0; round < 10; ++round) {
    bench.clock.set(static_cast<Millis>(round) * 100);
    bench.loop.run_once();
  }
  bench.poll_at(1000);
  check_contains("\"cpu\":200,", bench.uart.take());
  check_contains("\"features\":{\"hog\":200,\"idle\":0}", full(bench.monitor));
  bench.poll_at(2000);
  check_contains("\"features\":{\"hog\":0,\"idle\":0}", full(bench.monitor));
}

void a_task_has_its_share_of_the_interval() {
  constexpr const char* kWorker = "worker";
  Bench bench;
  bench.system.tasks = {{"main", UINT32_MAX - 100'000}};
  bench.poll_at(1000);
  check_contains("\"tasks\":{\"main\":0}", full(bench.monitor));
  // The counter of `main` begins again at 0. `worker` is new.
  bench.system.tasks = {{kWorker, 70'000}, {bench.system.tasks[0].task, 99'999}};
  bench.poll_at(2000);
  check_contains("\"tasks\":{\"worker\":0,\"main\":200}", full(bench.monitor));
  bench.system.tasks[0].worked_us += 500'000;
  bench.poll_at(3000);
  check_contains("\"tasks\":{\"worker\":500,\"main\":0}", full(bench.monitor));
}

void a_list_has_its_numbers_in_the_full_record() {
  Bench bench;
  static const int64_t kNumbers[] = {3, 0, 65'535};
  bench.monitor.set_list({"sector_erases", "", [](const void*) { return sizeof kNumbers / sizeof *kNumbers; },
                          [](const void* self, size_t i) { return static_cast<const int64_t*>(self)[i]; }, kNumbers});
  check_contains("\"sector_erases\":[3,0,65535]}", full(bench.monitor));
}

void rounds_are_counted_by_their_duration() {
  Bench bench;
  Hog hog{bench.clock, 0};
  bench.loop.add(hog);
  for (const int duration : {0, 999, 1'000, 19'999, 20'000, 50'000, 60'000}) {
    hog.takes = static_cast<Micros>(duration);
    bench.loop.run_once();
  }
  check_contains("\"turns\":[2,1,1,1,2]", full(bench.monitor));
}

void numbers_of_the_full_record_are_not_in_each_record() {
  Bench bench;
  int64_t number = -5;
  bench.monitor.add({"rare", "dBm", &value_of, &number, false});
  bench.poll_at(1000);
  TEST_ASSERT_FALSE(bench.uart.wrote("rare"));
  check_contains("\"rare\":-5", full(bench.monitor));
  char bytes[1024];
  JsonWriter json{Span<char>(bytes)};
  bench.monitor.write_units(json);
  check_contains("\"rare\":\"dBm\"", str(json.text()));
  check_contains("\"heap_free\":\"B\"", str(json.text()));
}

void percentiles_are_the_limits_of_their_buckets() {
  LatencyHistogram times;
  TEST_ASSERT_EQUAL_UINT32(0, times.percentile(50));
  for (int i = 0; i < 90; ++i) times.add(20);
  for (int i = 0; i < 10; ++i) times.add(700);
  TEST_ASSERT_EQUAL_UINT32(31, times.percentile(50));
  TEST_ASSERT_EQUAL_UINT32(31, times.percentile(90));
  TEST_ASSERT_EQUAL_UINT32(1023, times.percentile(95));
  TEST_ASSERT_EQUAL_UINT32(700, times.last());
  times.add(kNever);
  TEST_ASSERT_EQUAL_UINT32(101, times.count());
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(a_record_has_every_number);
  RUN_TEST(records_are_printed_once_a_second);
  RUN_TEST(a_feature_that_takes_a_fifth_of_the_processor_is_named);
  RUN_TEST(a_task_has_its_share_of_the_interval);
  RUN_TEST(a_list_has_its_numbers_in_the_full_record);
  RUN_TEST(rounds_are_counted_by_their_duration);
  RUN_TEST(numbers_of_the_full_record_are_not_in_each_record);
  RUN_TEST(percentiles_are_the_limits_of_their_buckets);
  return UNITY_END();
}
