#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "port/posix/crash_reporter.h"
#include "port/posix/posix_uart.h"
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

/// Runs `body` in a process whose UART is a pipe. @return what it printed there; `status` tells how it died.
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

void check_last_words(void (*body)(CrashReporter&), int signal, const std::string& cause) {
  int status = 0;
  const std::string printed = last_words(body, status);
  check_contains("\r\nPANIC: " + cause, printed);
  check_contains("\r\nbacktrace: 0x", printed);
  TEST_ASSERT_EQUAL_size_t(printed.find("PANIC"), printed.rfind("PANIC"));
  TEST_ASSERT_TRUE(WIFSIGNALED(status));
  TEST_ASSERT_EQUAL(signal, WTERMSIG(status));
}

void a_crash_tells_its_cause_and_dies_by_its_signal() {
  check_last_words([](CrashReporter&) { abort(); }, SIGABRT, "abort() was called");
  check_last_words([](CrashReporter&) { raise(SIGSEGV); }, SIGSEGV, "invalid memory access");
  check_last_words([](CrashReporter&) { raise(SIGBUS); }, SIGBUS, "bus error");
  check_last_words([](CrashReporter&) { raise(SIGFPE); }, SIGFPE, "arithmetic error");
  check_last_words(
      [](CrashReporter& reporter) {
        reporter.set_cause("assert failed: x");
        abort();
      },
      SIGABRT, "assert failed: x");
}

#if defined(__SANITIZE_ADDRESS__)
void an_error_found_by_a_sanitizer_is_a_panic() {
  check_last_words(
      [](CrashReporter&) {
        auto* freed = new volatile char[8];
        delete[] freed;
        freed[3] = 1;
      },
      SIGABRT, "the sanitizer found an error");
  check_last_words(
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
  RUN_TEST(a_crash_tells_its_cause_and_dies_by_its_signal);
#if defined(__SANITIZE_ADDRESS__)
  RUN_TEST(an_error_found_by_a_sanitizer_is_a_panic);
#endif
}
