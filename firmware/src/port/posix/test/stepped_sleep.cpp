#include <sys/eventfd.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "port/posix/posix_edges.h"
#include "process.h"
#include "stepped_rig.h"
#include "suites.h"

using namespace pb;
using namespace pb::posix;

namespace {

/// Pending work as set by the test.
class FakeSource final : public WakeSource {
 public:
  ~FakeSource() { close(event_); }

  void set(bool looks_up, bool unacknowledged, size_t connecting) {
    const std::lock_guard lock(mutex_);
    looks_up_ = looks_up;
    unacknowledged_ = unacknowledged;
    connecting_ = connecting;
  }
  void end_lookup() { eventfd_write(event_, 1); }
  void wait_for_looks(int count) {
    while (looks_.load() < count) std::this_thread::yield();
  }

  void watch(std::vector<pollfd>&) override {}
  void add_to(UnderWay& under_way) const override {
    const std::lock_guard lock(mutex_);
    if (looks_up_) under_way.lookups.push_back({event_, POLLIN, 0});
    under_way.unacknowledged |= unacknowledged_;
    under_way.connecting += connecting_;
    looks_.fetch_add(1);
  }

 private:
  mutable std::mutex mutex_;
  mutable std::atomic<int> looks_{0};
  int event_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  bool looks_up_ = false;
  bool unacknowledged_ = false;
  size_t connecting_ = 0;
};

/// A device that sleeps repeatedly in a thread, until stop().
class Sleeping {
 public:
  Sleeping(SteppedChip& chip, Millis deadline)
      : chip_(chip), thread_([this, deadline] {
          while (!stopped_.load()) {
            chip_.waker.sleep_until(deadline);
            ends_.fetch_add(1);
          }
        }) {}
  ~Sleeping() { stop(); }

  /// The number of ended sleeps.
  int ends() const { return ends_.load(); }
  void stop() {
    if (!thread_.joinable()) return;
    stopped_.store(true);
    chip_.waker.wake();
    thread_.join();
  }

 private:
  SteppedChip& chip_;
  std::atomic<bool> stopped_{false};
  std::atomic<int> ends_{0};
  std::thread thread_;
};

void check_received(const std::string& expected, Bench& bench) {
  TEST_ASSERT_EQUAL_STRING(expected.c_str(), bench.receive_message().c_str());
}

/// Like check_heard, for the first report since `ask 1`: the device may have been idle in between.
void check_answer(const std::string& expected, Bench& bench) {
  std::string message;
  do {
    message = bench.receive_message();
  } while (message.rfind("idle 0 ", 0) == 0);
  TEST_ASSERT_EQUAL_STRING(expected.c_str(), message.c_str());
}

std::string at_ms(int64_t device_ms) { return std::to_string(Bench::kStart + device_ms * 1'000'000); }

void idleness_is_reported_with_its_deadline() {
  SteppedChip chip;
  std::thread loop([&chip] { chip.waker.sleep_until(250); });
  check_received("idle 0 " + at_ms(250) + " 0", chip.bench);
  chip.bench.set(Bench::kStart + 250'000'000);
  chip.bench.send_message("wake");
  loop.join();
  TEST_ASSERT_EQUAL_UINT64(250, chip.time.clock().now());
}

void a_wake_before_the_deadline_does_not_end_the_sleep() {
  SteppedChip chip;
  Sleeping sleeping(chip, 250);
  check_received("idle 0 " + at_ms(250) + " 0", chip.bench);
  chip.bench.set(Bench::kStart + 249'999'999);
  chip.bench.send_message("wake");
  chip.bench.send_message("ask 1");
  check_received("idle 1 " + at_ms(250) + " 0", chip.bench);
  TEST_ASSERT_EQUAL(0, sleeping.ends());
}

void each_question_is_answered() {
  SteppedChip chip;
  chip.bench.send_message("ask 1");
  Sleeping sleeping(chip, kNever);
  check_received("idle 1 never 0", chip.bench);
  chip.bench.send_message("ask 2");
  check_received("idle 2 never 0", chip.bench);
  TEST_ASSERT_EQUAL(0, sleeping.ends());
}

void an_edge_before_the_question_is_handled_before_the_answer() {
  SteppedChip chip;
  PosixEdges edges(chip.wires.gpio, chip.clock, chip.waker);
  edges.watch(pins::kCable, 0);
  Sleeping sleeping(chip, kNever);
  check_received("idle 0 never 0", chip.bench);
  chip.wires.send_message("pin " + std::to_string(pins::kCable) + " 1");
  chip.bench.send_message("ask 1");
  check_answer("idle 1 never 0", chip.bench);
  TEST_ASSERT_EQUAL(1, sleeping.ends());
}

void a_setting_before_the_question_applies_before_the_answer() {
  SteppedChip chip;
  Sleeping sleeping(chip, kNever);
  check_received("idle 0 never 0", chip.bench);
  chip.wires.send_message("flash full 1");
  chip.wires.send_message("sync 3");
  chip.bench.send_message("ask 1");
  check_received("idle 1 never 0", chip.bench);
  TEST_ASSERT_EQUAL_STRING("sync 3", chip.wires.receive_message(0).c_str());
  TEST_ASSERT_EQUAL_size_t(1, chip.wires.received.size());
  TEST_ASSERT_EQUAL(0, sleeping.ends());
}

/// A source with input.
struct Input final : WakeSource {
  int fds[2] = {-1, -1};

  Input() { TEST_ASSERT_EQUAL(0, pipe(fds)); }
  ~Input() {
    close(fds[0]);
    close(fds[1]);
  }
  void watch(std::vector<pollfd>& descriptors) override { descriptors.push_back({fds[0], POLLIN, 0}); }
};

void input_ends_the_sleep_before_the_question_is_answered() {
  SteppedChip chip;
  Input input;
  chip.sources.add(input);
  std::thread loop([&] {
    chip.waker.sleep_until(kNever);
    char byte;
    TEST_ASSERT_EQUAL(1, read(input.fds[0], &byte, 1));
    chip.waker.sleep_until(40);
  });
  check_received("idle 0 never 0", chip.bench);
  TEST_ASSERT_EQUAL(1, write(input.fds[1], "x", 1));
  chip.bench.send_message("ask 1");
  check_answer("idle 1 " + at_ms(40) + " 0", chip.bench);
  chip.waker.wake();
  loop.join();
}

void connections_without_an_answer_are_reported() {
  SteppedChip chip;
  FakeSource source;
  chip.sources.add(source);
  source.set(false, false, 2);
  Sleeping sleeping(chip, kNever);
  check_received("idle 0 never 2", chip.bench);
}

void a_device_with_a_pending_lookup_is_not_idle() {
  SteppedChip chip;
  FakeSource source;
  chip.sources.add(source);
  source.set(true, false, 1);
  Sleeping sleeping(chip, kNever);
  source.wait_for_looks(1);
  source.set(false, false, 0);
  source.end_lookup();
  check_received("idle 0 never 0", chip.bench);  // and not: idle 0 never 1
}

void unacknowledged_bytes_are_reported() {
  SteppedChip chip;
  FakeSource source;
  chip.sources.add(source);
  source.set(false, true, 1);
  chip.bench.send_message("ask 1");
  Sleeping sleeping(chip, kNever);
  check_received("idle 1 never 1 unacknowledged", chip.bench);
  source.set(false, false, 0);
  chip.bench.send_message("ask 2");
  check_received("idle 2 never 0", chip.bench);
  TEST_ASSERT_EQUAL(0, sleeping.ends());
}

void a_question_is_answered_although_the_link_was_full() {
  SteppedChip chip;
  ClockLink link(chip.bench.device_end);
  while (link.report_idle(PosixClock::kNeverNs, 0, false)) {
  }
  Sleeping sleeping(chip, kNever);
  chip.bench.send_message("ask 1");
  check_answer("idle 1 never 0", chip.bench);
}

void a_sleep_until_the_past_returns_at_once() {
  SteppedChip chip;
  chip.bench.set(Bench::kStart + 5'000'000);
  chip.waker.sleep_until(5);
  chip.waker.wake();
  chip.waker.sleep_until(kNever);
  chip.bench.send_message("ask 1");
  Sleeping sleeping(chip, kNever);
  check_received("idle 1 never 0", chip.bench);  // the very first report
}

void a_blocked_loop_is_idle_and_reads_no_input() {
  SteppedChip chip;
  Input input;
  chip.sources.add(input);
  TEST_ASSERT_EQUAL(1, write(input.fds[1], "x", 1));
  chip.waker.wake();
  std::thread loop([&chip] { chip.time.sleeper().block_until(400'000); });
  check_received("idle 0 " + at_ms(400) + " 0", chip.bench);
  chip.wires.send_message("pin " + std::to_string(pins::kCable) + " 1");
  chip.bench.send_message("ask 1");
  check_received("idle 1 " + at_ms(400) + " 0", chip.bench);
  TEST_ASSERT_TRUE(chip.wires.gpio.read(pins::kCable));
  chip.bench.set(Bench::kStart + 400'000'000);
  chip.bench.send_message("wake");
  loop.join();
}

void power_off_and_an_unknown_message_on_the_clock_link_end_the_device() {
  Bench bench;
  bench.send_message("begin");
  std::string printed;
  const Process confused([&bench](int uart) {
    dup2(uart, STDERR_FILENO);
    ClockLink(bench.device_end).take();
  });
  TEST_ASSERT_EQUAL(2, confused.exit_code(printed));
  check_contains("the clock's message 'begin' is not understood", printed);
  const Process unpowered([&bench](int) {
    shutdown(bench.link, SHUT_RDWR);
    ClockLink(bench.device_end).take();
    _exit(1);
  });
  TEST_ASSERT_EQUAL(0, unpowered.exit_code(printed));
}

}  // namespace

void run_stepped_sleep_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(idleness_is_reported_with_its_deadline);
  RUN_TEST(a_wake_before_the_deadline_does_not_end_the_sleep);
  RUN_TEST(each_question_is_answered);
  RUN_TEST(an_edge_before_the_question_is_handled_before_the_answer);
  RUN_TEST(a_setting_before_the_question_applies_before_the_answer);
  RUN_TEST(input_ends_the_sleep_before_the_question_is_answered);
  RUN_TEST(connections_without_an_answer_are_reported);
  RUN_TEST(a_device_with_a_pending_lookup_is_not_idle);
  RUN_TEST(unacknowledged_bytes_are_reported);
  RUN_TEST(a_question_is_answered_although_the_link_was_full);
  RUN_TEST(a_sleep_until_the_past_returns_at_once);
  RUN_TEST(a_blocked_loop_is_idle_and_reads_no_input);
  RUN_TEST(power_off_and_an_unknown_message_on_the_clock_link_end_the_device);
}
