#include "port/posix/board_link.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sstream>

#include "port/posix/radio_messages.h"

namespace pb::posix {

namespace {

constexpr int kExitNotUnderstood = 2;

[[noreturn]] void exit_with_error(const std::string& message) {
  fprintf(stderr, "plugbench-device: the board's message '%s' is not understood; see docs/virtual-board.md\n",
          message.c_str());
  _exit(kExitNotUnderstood);
}

}  // namespace

std::string BoardLink::receive(int flags) {
  char bytes[256];
  ssize_t length;
  do {
    length = recv(fd_, bytes, sizeof bytes, flags);
  } while (length < 0 && errno == EINTR);
  if (length < 0 && errno == EAGAIN) return {};
  if (length <= 0) _exit(EXIT_SUCCESS);  // the power is off
  return {bytes, static_cast<size_t>(length)};
}

void BoardLink::wait_for_go() {
  for (std::string message = receive(); message != "go"; message = receive()) handle(message);
}

void BoardLink::start_reader() {
  std::thread([this] { serve(); }).detach();
}

void BoardLink::serve() {
  for (;;) {
    pollfd readable{fd_, POLLIN, 0};
    poll(&readable, 1, -1);
    catch_up();
  }
}

void BoardLink::catch_up() {
  if (taker_.load() == std::this_thread::get_id()) return;
  const std::lock_guard lock(taking_);
  taker_.store(std::this_thread::get_id());
  for (std::string message = receive(MSG_DONTWAIT); !message.empty(); message = receive(MSG_DONTWAIT)) handle(message);
  taker_.store({});
}

void BoardLink::handle(const std::string& message) {
  std::istringstream words(message);
  std::string word;
  words >> word;
  if (word == "pin") {
    int pin = 0;
    int level = 0;
    words >> pin >> level;
    if (words) return listener_.on_pin(pin, level != 0);
  } else if (word == "ap") {
    std::string state;
    uint64_t associate_ms = 0;
    uint64_t dhcp_ms = 0;
    words >> state >> associate_ms >> dhcp_ms;
    if (words && (state == "up" || state == "down"))
      return listener_.on_access_point(state == "up", associate_ms, dhcp_ms);
  } else if (word == "radio") {
    RadioChange change;
    if (parse_radio_message(words, change)) return listener_.on_radio(change);
  } else if (word == "leak") {
    uint64_t bytes = 0;
    words >> bytes;
    if (words) return listener_.on_leak(bytes);
  } else if (word == "sntp") {
    int64_t unix_ms = 0;
    words >> unix_ms;
    if (words) return listener_.on_sntp(unix_ms);
  } else if (word == "flash") {
    std::string command;
    uint64_t number = 0;
    words >> command >> number;
    if (words && command == "erase_ms") return listener_.on_erase_time(number);
    if (words && command == "full" && number <= 1) return listener_.on_flash_full(number == 1);
    if (words && command == "tear") {
      std::string mode;
      uint64_t seed = 0;
      words >> mode >> seed;
      if (words && (mode == "none" || mode == "half" || mode == "random")) return listener_.on_tear(number, mode, seed);
    }
  }
  if (word == "sync") return send(message);
  exit_with_error(message);
}

void BoardLink::send(const std::string& message) {
  ssize_t sent;
  do {
    sent = ::send(fd_, message.data(), message.size(), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) _exit(EXIT_SUCCESS);  // the other end is closed: the power is off
}

void BoardLink::send_pin(int pin, bool level, int64_t ns) {
  send("pin " + std::to_string(pin) + (level ? " 1 " : " 0 ") + std::to_string(ns));
}

void BoardLink::send_power(int cpu_mhz, const char* radio, bool light_sleep, uint32_t brownout_mv) {
  send("power " + std::to_string(cpu_mhz) + ' ' + radio + (light_sleep ? " 1 " : " 0 ") + std::to_string(brownout_mv));
}

void BoardLink::send_sntp(const std::string& server) { send("sntp " + server); }

void BoardLink::send_torn(uint64_t n) { send("torn " + std::to_string(n)); }

}  // namespace pb::posix
