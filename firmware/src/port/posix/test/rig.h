#pragma once

// Shared by the tests of this folder: the device on the wires of a board, and a flash chip.

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "features/board/pins.h"
#include "port/posix/board_link.h"
#include "port/posix/posix_flash.h"
#include "port/posix/posix_gpio.h"
#include "port/posix/real_sleeper.h"
#include "support/check.h"

namespace pb::posix {

constexpr int kLimitMs = 5000;

/// The next message on a link, "" on a timeout.
inline std::string next_message(int fd, int limit_ms = kLimitMs) {
  pollfd readable{fd, POLLIN, 0};
  if (poll(&readable, 1, limit_ms) != 1) return "";
  char bytes[256];
  const ssize_t length = recv(fd, bytes, sizeof bytes, 0);
  return length > 0 ? std::string(bytes, static_cast<size_t>(length)) : "";
}

/// Both ends of the wires: the board's socket, and the device's pins, which follow its messages.
struct Wires final : BoardListener {
  int board;
  BoardLink link;
  PosixGpio gpio;
  std::vector<std::string> received;

  /// @param clock stamps the edges
  explicit Wires(const PosixClock& clock) : Wires(clock, connected_pair()) {}

  void send_message(const std::string& message) {
    TEST_ASSERT_TRUE(send(board, message.data(), message.size(), 0) > 0);
  }
  /// The device's next message; "" on a timeout.
  std::string receive_message(int limit_ms = kLimitMs) { return next_message(board, limit_ms); }

  void on_pin(int pin, bool level) override { gpio.drive(pin, level); }
  void on_access_point(bool up, uint64_t associate_ms, uint64_t dhcp_ms) override {
    received.push_back(std::string("ap ") + (up ? "up " : "down ") + std::to_string(associate_ms) + " " +
                       std::to_string(dhcp_ms));
  }
  void on_radio(const RadioChange&) override { received.emplace_back("radio"); }
  void on_erase_time(uint64_t ms) override { received.push_back("erase " + std::to_string(ms)); }
  void on_tear(uint64_t operation, const std::string& mode, uint64_t seed) override {
    received.push_back("tear " + std::to_string(operation) + " " + mode + " " + std::to_string(seed));
  }
  void on_flash_full(bool full) override { received.push_back(full ? "full" : "not full"); }
  void on_leak(uint64_t bytes) override { received.push_back("leak " + std::to_string(bytes)); }
  void on_sntp(int64_t unix_ms) override { received.push_back("sntp " + std::to_string(unix_ms)); }

 private:
  struct Ends {
    int board;
    int device;
  };
  Wires(const PosixClock& clock, Ends ends) : board(ends.board), link(ends.device, *this), gpio(link, clock) {}
  static Ends connected_pair() {
    int fds[2];
    TEST_ASSERT_EQUAL(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
    return {fds[0], fds[1]};
  }
};

inline std::string flash_file(size_t sectors) {
  char path[] = "/tmp/plugbench-flash-XXXXXX";
  const int fd = mkstemp(path);
  TEST_ASSERT_TRUE(fd >= 0);
  std::string content(sectors * Flash::kSectorSize, '\xff');
  TEST_ASSERT_EQUAL(static_cast<ssize_t>(content.size()), write(fd, content.data(), content.size()));
  close(fd);
  return path;
}

struct Chip {
  RealClock clock;
  RealSleeper sleeper{clock};
  Wires wires{clock};
  PosixFlash flash{clock, sleeper, wires.link};
  std::string path;

  explicit Chip(size_t sectors = 16) : path(flash_file(sectors)) {
    TEST_ASSERT_EQUAL_STRING("", flash.open(path).c_str());
    unlink(path.c_str());
  }
};

}  // namespace pb::posix
