#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "features/serial_debug/serial_debug.h"
#include "features/serial_debug/status_report.h"
#include "port/posix/crash_reporter.h"
#include "port/posix/exhaust_stack.h"
#include "port/posix/posix_uart.h"
#include "port/posix/posix_waker.h"
#include "port/posix/real_sleeper.h"
#include "runtime/event_loop.h"
#include "suites.h"
#include "support/check.h"

using namespace pb;
using namespace pb::posix;

namespace {

void the_uart_drops_whole_lines_and_counts_them() {
  int fds[2];
  TEST_ASSERT_EQUAL(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
  PosixUart uart(fds[0]);
  const std::string line(999, 'x');
  const std::string kept = line + "\n";
  size_t taken = 0;
  while (uart.write({reinterpret_cast<const uint8_t*>(kept.data()), kept.size()})) ++taken;
  TEST_ASSERT_EQUAL(1000, uart.dropped());
  TEST_ASSERT_TRUE(uart.pending());
  size_t received = 0;
  char bytes[4096];
  fcntl(fds[1], F_SETFL, O_NONBLOCK);
  for (ssize_t count; received < taken * 1000; uart.pump()) {
    count = read(fds[1], bytes, sizeof bytes);
    TEST_ASSERT_TRUE(count > 0 || uart.pending());
    if (count > 0) received += static_cast<size_t>(count);
  }
  TEST_ASSERT_EQUAL_size_t(taken * 1000, received);
  TEST_ASSERT_FALSE(uart.pending());
  ::close(fds[0]);
  ::close(fds[1]);
}

void a_uart_with_a_closed_other_end_is_silent() {
  int fds[2];
  TEST_ASSERT_EQUAL(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
  PosixUart uart(fds[0]);
  uint8_t bytes[8];
  TEST_ASSERT_EQUAL_size_t(0, uart.read(bytes));
  std::vector<pollfd> watched;
  uart.watch(watched);
  TEST_ASSERT_EQUAL_size_t(1, watched.size());
  ::close(fds[1]);
  TEST_ASSERT_EQUAL_size_t(0, uart.read(bytes));
  auto* const handler = signal(SIGPIPE, SIG_IGN);  // as in the device's main()
  TEST_ASSERT_TRUE(uart.write(Text("lost").bytes()));
  signal(SIGPIPE, handler);
  TEST_ASSERT_FALSE(uart.pending());
  watched.clear();
  uart.watch(watched);
  TEST_ASSERT_EQUAL_size_t(0, watched.size());
  ::close(fds[0]);
}

/// A loop with only a console, connected to the test.
struct Terminal {
  int fds[2] = {-1, -1};
  RealClock clock;
  RealSleeper sleeper{clock};
  WakeSources sources;
  PosixWaker waker{sleeper, sources};
  PosixUart uart;
  Logger log{clock, uart};
  SerialDebug console{uart, log};
  EventLoop loop{clock, {}};

  Terminal() : uart(connected_pair(fds)) {
    sources.add(uart);
    console.add({"later", "", [](void*, Text, Logger&) {}, nullptr});
    console.add({"now", "", [](void*, Text, Logger& answer) { answer.answer("done"); }, nullptr});
    loop.add(console);
  }
  ~Terminal() {
    ::close(fds[0]);
    ::close(fds[1]);
  }
  void type(const std::string& text) {
    TEST_ASSERT_EQUAL(static_cast<ssize_t>(text.size()), ::write(fds[1], text.data(), text.size()));
  }
  /// Runs the loop like App::run, for `ms`. @return the number of rounds.
  uint32_t run_for(Millis ms) {
    const uint32_t before = loop.rounds();
    for (const Millis end = clock.now() + ms; clock.now() < end;) {
      const Millis deadline = earlier(loop.run_once(), end);
      if (deadline > clock.now()) waker.sleep_until(deadline);
    }
    return loop.rounds() - before;
  }
  std::string printed() {
    char bytes[4096];
    const ssize_t count = recv(fds[1], bytes, sizeof bytes, MSG_DONTWAIT);
    return count > 0 ? std::string(bytes, static_cast<size_t>(count)) : "";
  }

 private:
  static int connected_pair(int (&ends)[2]) {
    TEST_ASSERT_EQUAL(0, socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    return ends[0];
  }
};

void the_loop_sleeps_while_input_waits_for_an_answer() {
  Terminal terminal;
  terminal.type("later\nnow\n");
  TEST_ASSERT_LESS_THAN_UINT32(20, terminal.run_for(100));
  TEST_ASSERT_EQUAL_STRING("", terminal.printed().c_str());
  terminal.log.answer("at last");
  TEST_ASSERT_LESS_THAN_UINT32(20, terminal.run_for(100));
  TEST_ASSERT_EQUAL_STRING("= at last\r\n= done\r\n", terminal.printed().c_str());
}

void input_ends_the_sleep() {
  Terminal terminal;
  terminal.loop.run_once();
  for (int i = 0; i < 3; ++i) {
    std::thread typist([&terminal] { terminal.type("now\n"); });
    terminal.waker.sleep_until(kNever);  // forever, without the input
    terminal.loop.run_once();
    typist.join();
    TEST_ASSERT_EQUAL_STRING("= done\r\n", terminal.printed().c_str());
  }
}

/// Runs `body` in a process whose UART is a pipe. @return the output; `status` is its wait status.
std::string last_words(void (*body)(CrashReporter& reporter), int& status) {
  int fds[2];
  TEST_ASSERT_EQUAL(0, pipe(fds));
  const pid_t child = fork();
  if (child == 0) {
    ::close(fds[0]);
    dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    CrashReporter reporter(fds[1]);
    body(reporter);
    _exit(0);
  }
  ::close(fds[1]);
  std::string printed;
  char bytes[4096];
  for (ssize_t count; (count = read(fds[0], bytes, sizeof bytes)) > 0;)
    printed.append(bytes, static_cast<size_t>(count));
  ::close(fds[0]);
  waitpid(child, &status, 0);
  return printed;
}

void check_panic(void (*body)(CrashReporter&), int signal, const std::string& cause) {
  int status = 0;
  const std::string printed = last_words(body, status);
  check_contains("\r\nPANIC: " + cause, printed);
  check_contains("\r\nbacktrace: 0x", printed);
  TEST_ASSERT_EQUAL_size_t(printed.find("PANIC"), printed.rfind("PANIC"));
  TEST_ASSERT_TRUE(WIFSIGNALED(status));
  TEST_ASSERT_EQUAL(signal, WTERMSIG(status));
}

void a_crash_prints_its_cause_and_dies_by_its_signal() {
  check_panic([](CrashReporter&) { abort(); }, SIGABRT, "abort() was called");
  check_panic([](CrashReporter&) { raise(SIGSEGV); }, SIGSEGV, "invalid memory access");
  check_panic([](CrashReporter&) { raise(SIGBUS); }, SIGBUS, "bus error");
  check_panic([](CrashReporter&) { raise(SIGFPE); }, SIGFPE, "arithmetic error");
  check_panic(
      [](CrashReporter& reporter) {
        reporter.set_cause("assert failed: x");
        abort();
      },
      SIGABRT, "assert failed: x");
  check_panic([](CrashReporter&) { exhaust_stack(0); }, SIGSEGV, "stack overflow (SIGSEGV)");
}

/// A silent loss of a feature or a command would affect every device.
void a_part_that_does_not_fit_at_start_up_is_a_panic() {
  const char* const cause = "illegal instruction (SIGILL)";
  check_panic(
      [](CrashReporter&) {
        Terminal terminal;
        for (size_t i = 0; i < EventLoop::kMaxFeatures; ++i) terminal.loop.add(terminal.console);  // one is there
      },
      SIGILL, cause);
  check_panic(
      [](CrashReporter&) {
        Terminal terminal;
        terminal.console.add({"now", "", nullptr, nullptr});  // the name of another command
      },
      SIGILL, cause);
  check_panic(
      [](CrashReporter&) {
        StatusReport report;
        for (size_t i = 0; i <= StatusReport::kMaxParts; ++i) report.add({});
      },
      SIGILL, cause);
}

#if defined(__SANITIZE_ADDRESS__)
void an_error_found_by_a_sanitizer_is_a_panic() {
  check_panic(
      [](CrashReporter&) {
        auto* freed = new volatile char[8];
        delete[] freed;
        freed[3] = 1;
      },
      SIGABRT, "the sanitizer found an error");
  check_panic(
      [](CrashReporter&) {
        volatile int most = INT32_MAX;
        most = most + 1;
      },
      SIGABRT, "the sanitizer found an error");
}
#endif

}  // namespace

void run_console_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(the_uart_drops_whole_lines_and_counts_them);
  RUN_TEST(a_uart_with_a_closed_other_end_is_silent);
  RUN_TEST(the_loop_sleeps_while_input_waits_for_an_answer);
  RUN_TEST(input_ends_the_sleep);
  RUN_TEST(a_crash_prints_its_cause_and_dies_by_its_signal);
  RUN_TEST(a_part_that_does_not_fit_at_start_up_is_a_panic);
#if defined(__SANITIZE_ADDRESS__)
  RUN_TEST(an_error_found_by_a_sanitizer_is_a_panic);
#endif
}
