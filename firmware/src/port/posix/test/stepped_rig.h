#pragma once

// The bench's side of stepped time, and a device with that clock.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "port/posix/posix_waker.h"
#include "port/posix/stepped_timebase.h"
#include "rig.h"

namespace pb::posix {

/// A clock page and the bench's end of the clock link.
struct Bench {
  static constexpr int64_t kStart = 7'000'000'000;
  static constexpr size_t kPage = 4096;

  int page_fd = memfd_create("clock", MFD_CLOEXEC);
  int64_t* page = nullptr;
  int link = -1;
  int device_end = -1;

  Bench() {
    TEST_ASSERT_EQUAL(0, ftruncate(page_fd, kPage));
    page = static_cast<int64_t*>(mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, page_fd, 0));
    set(kStart);
    int fds[2];
    TEST_ASSERT_EQUAL(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
    link = fds[0];
    device_end = fds[1];
  }
  ~Bench() {
    munmap(page, kPage);
    for (const int fd : {page_fd, link, device_end}) close(fd);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  void set(int64_t ns) { __atomic_store_n(page, ns, __ATOMIC_RELEASE); }
  void send_message(const std::string& message) { TEST_ASSERT_TRUE(send(link, message.data(), message.size(), 0) > 0); }
  /// The device's next message; "" on a timeout.
  std::string receive_message() { return next_message(link); }
};

/// A device in stepped time, started at Bench::kStart.
struct SteppedChip {
  Bench bench;
  CrashReporter crash_reporter;
  SteppedClock clock;
  Wires wires{clock};
  WakeSources sources;
  SteppedTimebase time{bench.device_end, wires.link, sources, crash_reporter};
  PosixWaker waker{time.sleeper(), sources};
  PosixFlash flash{time.clock(), time.sleeper(), wires.link};

  /// @param uart_fd output for a panic
  explicit SteppedChip(int uart_fd = STDERR_FILENO) : crash_reporter(uart_fd) {
    TEST_ASSERT_EQUAL_STRING("", clock.open(bench.page_fd).c_str());
    TEST_ASSERT_EQUAL_STRING("", time.open(bench.page_fd).c_str());
    const std::string path = flash_file(4);
    TEST_ASSERT_EQUAL_STRING("", flash.open(path).c_str());
    unlink(path.c_str());
    time.start();
  }
};

}  // namespace pb::posix
