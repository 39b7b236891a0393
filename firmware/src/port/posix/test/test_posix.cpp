// The host's port itself: what the virtual board relies on, and what makes numbers of the virtual bench mean something.
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "features/board/pins.h"
#include "features/safety/safety.h"
#include "port/posix/board_link.h"
#include "port/posix/crash_reporter.h"
#include "port/posix/device_heap.h"
#include "port/posix/posix_clock.h"
#include "port/posix/posix_flash.h"
#include "port/posix/posix_gpio.h"
#include "port/posix/posix_network.h"
#include "port/posix/posix_tcp.h"
#include "port/posix/posix_uart.h"
#include "port/posix/posix_waker.h"
#include "support/check.h"
#include "support/fake_clock.h"
#include "support/fake_waker.h"

using namespace pb;
using namespace pb::posix;

void setUp() {}
void tearDown() {}

namespace {

constexpr int kLimitMs = 5000;

/// The board's end of the wires, and pins that follow it.
struct Wires final : BoardListener {
  int board;
  BoardLink link;
  PosixGpio gpio{link};
  std::vector<std::string> heard;

  Wires() : Wires(joined()) {}

  void say(const std::string& message) { TEST_ASSERT_TRUE(send(board, message.data(), message.size(), 0) > 0); }
  /// The device's next message; "" when none comes in time.
  std::string hear(int limit_ms = kLimitMs) {
    pollfd readable{board, POLLIN, 0};
    if (poll(&readable, 1, limit_ms) != 1) return "";
    char bytes[256];
    const ssize_t length = recv(board, bytes, sizeof bytes, 0);
    return length > 0 ? std::string(bytes, static_cast<size_t>(length)) : "";
  }

  void on_pin(int pin, bool level) override { gpio.drive(pin, level); }
  void on_access_point(bool up, uint64_t associate_ms, uint64_t dhcp_ms) override {
    heard.push_back(std::string("ap ") + (up ? "up " : "down ") + std::to_string(associate_ms) + " " +
                    std::to_string(dhcp_ms));
  }
  void on_clock_scale(double scale) override { heard.push_back("clock " + std::to_string(scale)); }
  void on_erase_time(uint64_t ms) override { heard.push_back("erase " + std::to_string(ms)); }
  void on_tear(uint64_t operation, const std::string& mode, uint64_t seed) override {
    heard.push_back("tear " + std::to_string(operation) + " " + mode + " " + std::to_string(seed));
  }
  void on_flash_full(bool full) override { heard.push_back(full ? "full" : "not full"); }
  void on_leak(uint64_t bytes) override { heard.push_back("leak " + std::to_string(bytes)); }

 private:
  struct Ends {
    int board;
    int device;
  };
  explicit Wires(Ends ends) : board(ends.board), link(ends.device, *this) {}
  static Ends joined() {
    int fds[2];
    TEST_ASSERT_EQUAL(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
    return {fds[0], fds[1]};
  }
};

std::string flash_file(size_t sectors) {
  char path[] = "/tmp/plugbench-flash-XXXXXX";
  const int fd = mkstemp(path);
  TEST_ASSERT_TRUE(fd >= 0);
  std::string content(sectors * Flash::kSectorSize, '\xff');
  TEST_ASSERT_EQUAL(static_cast<ssize_t>(content.size()), write(fd, content.data(), content.size()));
  close(fd);
  return path;
}

struct Chip {
  Wires wires;
  PosixClock clock{1.0};
  PosixFlash flash{clock, wires.link};
  std::string path;

  explicit Chip(size_t sectors = 16) : path(flash_file(sectors)) {
    TEST_ASSERT_EQUAL_STRING("", flash.open(path).c_str());
    unlink(path.c_str());
  }
};

void check_flash(FlashResult expected, FlashResult actual) {
  TEST_ASSERT_EQUAL(static_cast<int>(expected), static_cast<int>(actual));
}

void heap_counts_what_is_taken_and_given_back() {
  DeviceHeap heap(10'000);
  const size_t start = heap.free_bytes();
  TEST_ASSERT_EQUAL_size_t(start, heap.largest_block());
  void* first = heap.allocate(100);
  void* second = heap.allocate(1000);
  TEST_ASSERT_TRUE(first != nullptr && second != nullptr);
  TEST_ASSERT_EQUAL_size_t(0, reinterpret_cast<uintptr_t>(second) % DeviceHeap::kAlignment);
  const size_t least = heap.free_bytes();
  TEST_ASSERT_TRUE(start - least >= 1100);
  heap.release(first);
  heap.release(second);
  heap.release(nullptr);
  TEST_ASSERT_EQUAL_size_t(start, heap.free_bytes());
  TEST_ASSERT_EQUAL_size_t(start, heap.largest_block());
  TEST_ASSERT_EQUAL_size_t(least, heap.minimum_free());
}

void heap_in_crumbs_has_no_large_block() {
  DeviceHeap heap(64 * 1024);
  std::vector<void*> blocks;
  for (void* block = heap.allocate(1000); block != nullptr; block = heap.allocate(1000)) blocks.push_back(block);
  TEST_ASSERT_TRUE(blocks.size() > 50);
  for (size_t i = 0; i < blocks.size(); i += 2) heap.release(blocks[i]);
  TEST_ASSERT_TRUE(heap.free_bytes() > 25'000);
  TEST_ASSERT_TRUE(heap.largest_block() < 2200);
  TEST_ASSERT_NULL(heap.allocate(3000));
  for (size_t i = 1; i < blocks.size(); i += 2) heap.release(blocks[i]);
  TEST_ASSERT_NOT_NULL(heap.allocate(60'000));
}

void heap_refuses_what_is_too_large() {
  DeviceHeap heap(1000);
  TEST_ASSERT_NULL(heap.allocate(1000));
  TEST_ASSERT_NULL(heap.allocate(SIZE_MAX));
  DeviceHeap none(8);
  TEST_ASSERT_NULL(none.allocate(1));
  TEST_ASSERT_EQUAL_size_t(0, none.largest_block());
}

void clock_changes_its_pace_without_a_jump() {
  PosixClock clock(1000.0);
  clock.start();
  clock.block_until(2'000'000);
  const Micros before = clock.now_us();
  clock.set_scale(1.0);
  const Micros after = clock.now_us();
  TEST_ASSERT_TRUE(after >= before);
  TEST_ASSERT_TRUE(after - before < 1'000'000);  // a second of the fast clock is a millisecond
}

void a_wait_follows_a_change_of_pace() {
  PosixClock clock(0.001);
  clock.start();
  const int64_t start = monotonic_ns();
  std::thread hurry([&clock] { clock.set_scale(10'000.0); });
  clock.block_until(10'000'000);  // ten seconds: three hours at the slow pace
  hurry.join();
  TEST_ASSERT_TRUE(monotonic_ns() - start < int64_t{kLimitMs} * 1'000'000);
}

void flash_obeys_the_rules_of_nor() {
  Chip chip;
  uint8_t bytes[Flash::kProgramSize];
  memset(bytes, 0x0F, sizeof bytes);
  check_flash(FlashResult::ok, chip.flash.program(4096, bytes));
  memset(bytes, 0xF3, sizeof bytes);
  check_flash(FlashResult::ok, chip.flash.program(4096, bytes));
  check_flash(FlashResult::ok, chip.flash.read(4096, bytes));
  TEST_ASSERT_EACH_EQUAL_HEX8(0x03, bytes, sizeof bytes);
  check_flash(FlashResult::ok, chip.flash.erase(4096));
  check_flash(FlashResult::ok, chip.flash.read(4096, bytes));
  TEST_ASSERT_EACH_EQUAL_HEX8(0xFF, bytes, sizeof bytes);
}

void flash_refuses_what_no_chip_can_do() {
  Chip chip(4);
  uint8_t bytes[2 * Flash::kProgramSize] = {};
  check_flash(FlashResult::unaligned, chip.flash.program(8, bytes));
  check_flash(FlashResult::unaligned, chip.flash.program(0, {bytes, 8}));
  check_flash(FlashResult::unaligned, chip.flash.erase(100));
  check_flash(FlashResult::out_of_range, chip.flash.erase(4 * 4096));
  check_flash(FlashResult::out_of_range, chip.flash.program(4 * 4096 - 16, bytes));
  check_flash(FlashResult::out_of_range, chip.flash.read(SIZE_MAX, bytes));
}

void a_bad_flash_file_is_explained() {
  Chip chip;
  PosixFlash other(chip.clock, chip.wires.link);
  check_contains("cannot be opened: No such file", other.open("/nonexistent/flash.bin"));
  check_contains("whole sectors", other.open("/dev/null"));
}

void a_partition_is_found_by_its_label_and_kept_to() {
  Chip chip(32);
  PosixPartition partition(chip.flash);
  check_contains("no partition 'storage'", partition.open("storage"));
  alignas(4) uint8_t table[64];
  memset(table, 0xFF, sizeof table);
  const auto entry = [&table](size_t at, uint32_t start, uint32_t size, const char* label) {
    const uint8_t head[] = {0xAA, 0x50, 1, 2};
    memcpy(table + at, head, 4);
    memcpy(table + at + 4, &start, 4);
    memcpy(table + at + 8, &size, 4);
    memset(table + at + 12, 0, 20);
    memcpy(table + at + 12, label, strlen(label));
  };
  entry(0, 0x9000, 0x1000, "nvs");
  entry(32, 0x10000, 0x3000, "storage");
  check_flash(FlashResult::ok, chip.flash.program(0x8000, {table, sizeof table}));
  TEST_ASSERT_EQUAL_STRING("", partition.open("storage").c_str());
  TEST_ASSERT_EQUAL_size_t(0x3000, partition.size());
  uint8_t zeros[16] = {};
  check_flash(FlashResult::ok, partition.program(0x2FF0, zeros));
  uint8_t seen[16] = {1};
  chip.flash.read(0x12FF0, seen);
  TEST_ASSERT_EACH_EQUAL_HEX8(0, seen, sizeof seen);
  check_flash(FlashResult::out_of_range, partition.program(0x3000, zeros));
  check_flash(FlashResult::out_of_range, partition.erase(0x3000));
}

/// Runs `operation` in a process of its own, waits until it says `torn`, and cuts its power.
void tear_in_child(Chip& chip, void (*operation)(Flash& flash)) {
  const pid_t child = fork();
  if (child == 0) {
    operation(chip.flash);
    _exit(0);
  }
  TEST_ASSERT_EQUAL_STRING("torn 2", chip.wires.hear().c_str());
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  TEST_ASSERT_TRUE(WIFSIGNALED(status));
}

void program_twice(Flash& flash) {
  uint8_t zeros[64] = {};
  flash.program(0, zeros);
  flash.program(64, zeros);
}

void program_and_erase(Flash& flash) {
  uint8_t zeros[64] = {};
  flash.program(0, zeros);
  flash.erase(0);
}

size_t cleared_bytes(Flash& flash, size_t offset) {
  uint8_t bytes[64] = {};
  flash.read(offset, bytes);
  size_t count = 0;
  for (const uint8_t byte : bytes) count += byte == 0 ? 1 : 0;
  return count;
}

void a_torn_program_stops_where_it_was() {
  Chip none;
  none.flash.tear(2, "none", 1);
  tear_in_child(none, &program_twice);
  TEST_ASSERT_EQUAL_size_t(64, cleared_bytes(none.flash, 0));
  TEST_ASSERT_EQUAL_size_t(0, cleared_bytes(none.flash, 64));
  Chip half;
  half.flash.tear(2, "half", 1);
  tear_in_child(half, &program_twice);
  TEST_ASSERT_EQUAL_size_t(32, cleared_bytes(half.flash, 64));
  Chip random;
  random.flash.tear(2, "random", 1);
  tear_in_child(random, &program_twice);
  uint8_t first[64];
  random.flash.read(64, first);
  Chip again;
  again.flash.tear(2, "random", 1);
  tear_in_child(again, &program_twice);
  uint8_t second[64];
  again.flash.read(64, second);
  TEST_ASSERT_EQUAL_MEMORY(first, second, 64);
  TEST_ASSERT_TRUE(cleared_bytes(random.flash, 64) < 32);
  bool some = false;
  for (const uint8_t byte : first) some |= byte != 0xFF && byte != 0;
  TEST_ASSERT_TRUE(some);
}

void a_torn_erase_stops_where_it_was() {
  Chip chip;
  uint8_t zeros[Flash::kSectorSize] = {};
  chip.flash.program(0, zeros);
  chip.flash.tear(2, "half", 1);
  tear_in_child(chip, &program_and_erase);
  uint8_t bytes[Flash::kSectorSize];
  chip.flash.read(0, bytes);
  TEST_ASSERT_EACH_EQUAL_HEX8(0xFF, bytes, 2048);
  TEST_ASSERT_EACH_EQUAL_HEX8(0, bytes + 2048, 2048);
}

void the_emergency_stop_opens_the_contactor_during_an_erase() {
  static Chip chip;  // the link's reader uses it as long as the process lives
  FakeClock still;
  FakeWaker waker(still);
  chip.wires.gpio.drive(pins::kEmergencyStop, false);
  Safety safety(chip.wires.gpio, waker);
  TEST_ASSERT_TRUE(safety.close_contactor());
  check_contains("pin 22 1 ", chip.wires.hear());
  chip.wires.link.start_reader();
  chip.flash.set_erase_time(2000);
  std::atomic<bool> erasing{true};
  std::thread loop([&] {
    chip.flash.erase(0);
    erasing.store(false);
  });
  const int64_t pressed = monotonic_ns();
  chip.wires.say("pin 25 1");
  const std::string opened = chip.wires.hear();
  const bool during = erasing.load();
  chip.clock.set_scale(1000.0);  // the rest of the erase needs no waiting for
  loop.join();
  check_contains("pin 22 0 ", opened);
  TEST_ASSERT_TRUE(during);
  const int64_t stamp = atoll(opened.substr(strlen("pin 22 0 ")).c_str());
  TEST_ASSERT_TRUE(stamp >= pressed && stamp <= monotonic_ns());
}

void pulses_are_counted_on_rising_edges() {
  Wires wires;
  wires.gpio.configure(27, PinMode::input_pull_down);
  wires.gpio.count_pulses(27);
  for (int i = 0; i < 5; ++i) {
    wires.gpio.drive(27, true);
    wires.gpio.drive(27, true);
    wires.gpio.drive(27, false);
  }
  TEST_ASSERT_EQUAL(5, wires.gpio.pulses(27));
}

void pins_have_pulls_until_they_are_driven() {
  Wires wires;
  wires.gpio.configure(25, PinMode::input_pull_up);
  TEST_ASSERT_TRUE(wires.gpio.read(25));
  wires.gpio.drive(25, false);
  wires.gpio.configure(25, PinMode::input_pull_up);
  TEST_ASSERT_FALSE(wires.gpio.read(25));
  TEST_ASSERT_FALSE(wires.gpio.drive(40, true));
}

void only_changes_of_outputs_are_told() {
  Wires wires;
  wires.gpio.write(18, true);
  wires.gpio.write(18, true);
  wires.gpio.write(18, false);
  check_contains("pin 18 1 ", wires.hear());
  check_contains("pin 18 0 ", wires.hear());
  TEST_ASSERT_EQUAL_STRING("", wires.hear(0).c_str());
}

void every_message_of_the_board_is_understood() {
  Wires wires;
  const char* const messages[] = {
      "pin 32 1",     "ap up 200 300", "ap down 0 0", "clock 20.5", "flash erase_ms 400", "flash tear 3 random 7",
      "flash full 1", "leak 64",       "go"};
  for (const char* message : messages) wires.say(message);
  wires.link.wait_for_go();
  TEST_ASSERT_TRUE(wires.gpio.read(32));
  const std::vector<std::string> expected = {"ap up 200 300",   "ap down 0 0", "clock 20.500000", "erase 400",
                                             "tear 3 random 7", "full",        "leak 64"};
  TEST_ASSERT_EQUAL_size_t(expected.size(), wires.heard.size());
  for (size_t i = 0; i < expected.size(); ++i) TEST_ASSERT_EQUAL_STRING(expected[i].c_str(), wires.heard[i].c_str());
}

void the_network_takes_the_times_the_board_tells() {
  FakeClock clock;
  PosixNetwork network(clock);
  network.set_access_point(true, 200, 300);
  network.begin("Garage", "");
  TEST_ASSERT_EQUAL_UINT64(200, network.deadline());
  clock.set(199);
  TEST_ASSERT_EQUAL(static_cast<int>(NetworkState::associating), static_cast<int>(network.state()));
  clock.set(200);
  TEST_ASSERT_EQUAL(static_cast<int>(NetworkState::dhcp), static_cast<int>(network.state()));
  TEST_ASSERT_EQUAL_UINT64(500, network.deadline());
  clock.set(500);
  TEST_ASSERT_TRUE(network.link_up());
  TEST_ASSERT_TRUE(network.rssi() < 0);
  network.set_access_point(false, 200, 300);
  TEST_ASSERT_EQUAL(static_cast<int>(NetworkState::down), static_cast<int>(network.state()));
  TEST_ASSERT_EQUAL(1, network.losses());
  TEST_ASSERT_EQUAL(Network::kReasonBeaconTimeout, network.disconnect_reason());
  network.begin("Garage", "");
  clock.set(1000);
  TEST_ASSERT_EQUAL(static_cast<int>(NetworkState::down), static_cast<int>(network.state()));
  TEST_ASSERT_EQUAL(Network::kReasonNoAccessPoint, network.disconnect_reason());
  TEST_ASSERT_EQUAL(1, network.losses());
}

/// A network that is up, sockets on it, and a server on this machine.
struct Net {
  PosixClock clock{1.0};
  PosixWaker waker{clock};
  PosixNetwork network{clock};
  DeviceHeap heap{200'000};
  PosixTcp tcp{heap, network};
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  uint16_t port = 0;

  Net() {
    waker.add(network);
    waker.add(tcp);
    network.set_access_point(true, 0, 0);
    network.begin("Garage", "");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    TEST_ASSERT_EQUAL(0, bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address));
    TEST_ASSERT_EQUAL(0, listen(listener, 16));
    socklen_t length = sizeof address;
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
    port = ntohs(address.sin_port);
  }
  ~Net() { ::close(listener); }

  template <class Condition>
  bool until(Condition condition) {
    const Millis end = clock.now() + kLimitMs;
    while (!condition()) {
      if (clock.now() >= end) return false;
      waker.sleep_until(end);
    }
    return true;
  }
  bool becomes(int socket, TcpState wanted) {
    return until([&] { return tcp.state(socket) == wanted; });
  }
  std::string receive(int socket, size_t wanted) {
    std::string result;
    until([&] {
      uint8_t bytes[256];
      const size_t count = tcp.receive(socket, bytes);
      result.append(reinterpret_cast<char*>(bytes), count);
      return result.size() >= wanted;
    });
    return result;
  }
};

void level_is_read_as_soon_as_the_board_has_set_it() {
  Wires wires;
  wires.gpio.count_pulses(pins::kMeterPulse);
  wires.say("pin " + std::to_string(pins::kCable) + " 1");
  TEST_ASSERT_TRUE(wires.gpio.read(pins::kCable));
  wires.say("pin " + std::to_string(pins::kMeterPulse) + " 1");
  wires.say("pin " + std::to_string(pins::kMeterPulse) + " 0");
  TEST_ASSERT_EQUAL_UINT32(1, wires.gpio.pulses(pins::kMeterPulse));
}

void handler_may_read_pins_while_more_is_to_come() {
  Wires wires;
  wires.gpio.attach(
      pins::kCable, Edge::rising,
      [](void* context) {
        auto* self = static_cast<Wires*>(context);
        self->heard.push_back(self->gpio.read(pins::kVehicleReady) ? "ready" : "not ready");
      },
      &wires);
  wires.say("pin " + std::to_string(pins::kCable) + " 1");
  wires.say("pin " + std::to_string(pins::kVehicleReady) + " 1");
  TEST_ASSERT_TRUE(wires.gpio.read(pins::kVehicleReady));
  TEST_ASSERT_EQUAL_STRING("not ready", wires.heard.at(0).c_str());
}

void tcp_sends_and_receives_and_sees_the_end() {
  Net net;
  const size_t free_before = net.heap.free_bytes();
  const int socket = net.tcp.open("localhost", net.port);
  TEST_ASSERT_TRUE(net.becomes(socket, TcpState::open));
  TEST_ASSERT_TRUE(free_before - net.heap.free_bytes() >= PosixTcp::kControlBlock + PosixTcp::kBuffers);
  TEST_ASSERT_EQUAL_size_t(1, net.tcp.sockets_in_use());
  const int peer = accept(net.listener, nullptr, nullptr);
  TEST_ASSERT_EQUAL_size_t(5, net.tcp.send(socket, Text("hello").bytes()));
  char bytes[16] = {};
  TEST_ASSERT_EQUAL(5, recv(peer, bytes, sizeof bytes, 0));
  TEST_ASSERT_EQUAL_STRING("hello", bytes);
  TEST_ASSERT_EQUAL(3, write(peer, "bye", 3));
  ::close(peer);
  TEST_ASSERT_EQUAL_STRING("bye", net.receive(socket, 3).c_str());
  TEST_ASSERT_TRUE(net.until([&] {
    uint8_t byte[1];
    net.tcp.receive(socket, byte);
    return net.tcp.state(socket) == TcpState::closed;
  }));
  net.tcp.close(socket);
  TEST_ASSERT_EQUAL_size_t(free_before, net.heap.free_bytes());
  TEST_ASSERT_EQUAL_size_t(0, net.tcp.sockets_in_use());
}

void a_reset_is_found_though_something_was_to_be_sent() {
  Net net;
  const int socket = net.tcp.open("127.0.0.1", net.port);
  TEST_ASSERT_TRUE(net.becomes(socket, TcpState::open));
  const int peer = accept(net.listener, nullptr, nullptr);
  const linger at_once{1, 0};
  setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(peer);
  TEST_ASSERT_EQUAL_size_t(5, net.tcp.send(socket, Text("lost!").bytes()));
  uint8_t byte[1];
  TEST_ASSERT_EQUAL_size_t(0, net.tcp.receive(socket, byte));
  TEST_ASSERT_EQUAL(static_cast<int>(TcpState::closed), static_cast<int>(net.tcp.state(socket)));
}

void who_cannot_send_is_woken_by_room_alone() {
  Net net;
  const int socket = net.tcp.open("127.0.0.1", net.port);
  TEST_ASSERT_TRUE(net.becomes(socket, TcpState::open));
  const int peer = accept(net.listener, nullptr, nullptr);
  const std::string much(1 << 16, 'x');
  const Bytes bytes{reinterpret_cast<const uint8_t*>(much.data()), much.size()};
  while (net.tcp.send(socket, bytes) == bytes.length) {
  }
  TEST_ASSERT_EQUAL(1, write(peer, "?", 1));
  std::vector<pollfd> watched;
  net.tcp.watch(watched);
  TEST_ASSERT_EQUAL_size_t(1, watched.size());
  TEST_ASSERT_EQUAL(POLLOUT, watched[0].events);
  ::close(peer);
}

void a_refused_connection_and_an_unknown_host_are_closed() {
  Net net;
  ::close(net.listener);
  net.listener = -1;
  const int refused = net.tcp.open("127.0.0.1", net.port);
  TEST_ASSERT_TRUE(net.becomes(refused, TcpState::closed));
  const int unknown = net.tcp.open("no host has blanks", 1);
  TEST_ASSERT_TRUE(net.becomes(unknown, TcpState::closed));
}

void without_a_link_sockets_are_silent() {
  Net net;
  const int socket = net.tcp.open("127.0.0.1", net.port);
  TEST_ASSERT_TRUE(net.becomes(socket, TcpState::open));
  const int peer = accept(net.listener, nullptr, nullptr);
  net.network.set_access_point(false, 0, 0);
  TEST_ASSERT_EQUAL_size_t(0, net.tcp.send(socket, Text("lost?").bytes()));
  TEST_ASSERT_EQUAL(4, write(peer, "late", 4));
  uint8_t bytes[8];
  TEST_ASSERT_EQUAL_size_t(0, net.tcp.receive(socket, bytes));
  TEST_ASSERT_EQUAL(static_cast<int>(TcpState::open), static_cast<int>(net.tcp.state(socket)));
  const int pending = net.tcp.open("127.0.0.1", net.port);
  TEST_ASSERT_EQUAL(static_cast<int>(TcpState::connecting), static_cast<int>(net.tcp.state(pending)));
  net.network.set_access_point(true, 0, 0);
  net.network.begin("Garage", "");
  TEST_ASSERT_EQUAL_STRING("late", net.receive(socket, 4).c_str());
  TEST_ASSERT_TRUE(net.becomes(pending, TcpState::open));
  ::close(peer);
}

void sockets_and_memory_run_out() {
  Net net;
  for (size_t i = 0; i < PosixTcp::kSockets; ++i) TEST_ASSERT_TRUE(net.tcp.open("127.0.0.1", net.port) >= 0);
  TEST_ASSERT_EQUAL(Tcp::kNoSocket, net.tcp.open("127.0.0.1", net.port));
  net.tcp.close(3);
  TEST_ASSERT_EQUAL(3, net.tcp.open("127.0.0.1", net.port));
  net.tcp.close(3);
  while (net.heap.allocate(1000) != nullptr) {
  }
  const size_t before = net.heap.free_bytes();
  TEST_ASSERT_EQUAL(Tcp::kNoSocket, net.tcp.open("127.0.0.1", net.port));
  TEST_ASSERT_EQUAL_size_t(before, net.heap.free_bytes());
}

void a_leak_is_lost_with_each_connection() {
  Net net;
  net.tcp.leak(64);
  const size_t before = net.heap.free_bytes();
  for (int i = 0; i < 10; ++i) net.tcp.close(net.tcp.open("127.0.0.1", net.port));
  TEST_ASSERT_TRUE(before - net.heap.free_bytes() >= 640);
  net.tcp.leak(0);
  const size_t after = net.heap.free_bytes();
  net.tcp.close(net.tcp.open("127.0.0.1", net.port));
  TEST_ASSERT_EQUAL_size_t(after, net.heap.free_bytes());
}

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

int main() {
  UNITY_BEGIN();
  RUN_TEST(heap_counts_what_is_taken_and_given_back);
  RUN_TEST(heap_in_crumbs_has_no_large_block);
  RUN_TEST(heap_refuses_what_is_too_large);
  RUN_TEST(clock_changes_its_pace_without_a_jump);
  RUN_TEST(a_wait_follows_a_change_of_pace);
  RUN_TEST(flash_obeys_the_rules_of_nor);
  RUN_TEST(flash_refuses_what_no_chip_can_do);
  RUN_TEST(a_bad_flash_file_is_explained);
  RUN_TEST(a_partition_is_found_by_its_label_and_kept_to);
  RUN_TEST(a_torn_program_stops_where_it_was);
  RUN_TEST(a_torn_erase_stops_where_it_was);
  RUN_TEST(pulses_are_counted_on_rising_edges);
  RUN_TEST(pins_have_pulls_until_they_are_driven);
  RUN_TEST(only_changes_of_outputs_are_told);
  RUN_TEST(every_message_of_the_board_is_understood);
  RUN_TEST(the_network_takes_the_times_the_board_tells);
  RUN_TEST(level_is_read_as_soon_as_the_board_has_set_it);
  RUN_TEST(handler_may_read_pins_while_more_is_to_come);
  RUN_TEST(tcp_sends_and_receives_and_sees_the_end);
  RUN_TEST(a_reset_is_found_though_something_was_to_be_sent);
  RUN_TEST(who_cannot_send_is_woken_by_room_alone);
  RUN_TEST(a_refused_connection_and_an_unknown_host_are_closed);
  RUN_TEST(without_a_link_sockets_are_silent);
  RUN_TEST(sockets_and_memory_run_out);
  RUN_TEST(a_leak_is_lost_with_each_connection);
  RUN_TEST(the_uart_drops_whole_lines_and_counts_them);
  RUN_TEST(a_crash_tells_its_cause_and_dies_by_its_signal);
#if defined(__SANITIZE_ADDRESS__)
  RUN_TEST(an_error_found_by_a_sanitizer_is_a_panic);
#endif
  RUN_TEST(the_emergency_stop_opens_the_contactor_during_an_erase);
  return UNITY_END();
}
