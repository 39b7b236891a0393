#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sstream>

#include "port/posix/device_heap.h"
#include "port/posix/posix_network.h"
#include "port/posix/posix_tcp.h"
#include "port/posix/posix_waker.h"
#include "port/posix/radio_messages.h"
#include "port/posix/real_sleeper.h"
#include "rig.h"
#include "suites.h"
#include "support/fake_clock.h"
#include "support/fake_rng.h"
#include "support/fake_secrets.h"
#include "support/fake_waker.h"

using namespace pb;
using namespace pb::posix;

namespace {

void the_network_takes_the_times_of_the_board() {
  FakeClock clock;
  FakeWaker waker(clock);
  PosixNetwork network(clock, waker);
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
  TEST_ASSERT_TRUE(network.link().rssi < 0);
  network.set_access_point(false, 200, 300);
  TEST_ASSERT_EQUAL(static_cast<int>(NetworkState::down), static_cast<int>(network.state()));
  TEST_ASSERT_EQUAL(1, network.losses());
  TEST_ASSERT_EQUAL_MESSAGE(2, waker.wakes, "each change of the access point wakes the loop");
  TEST_ASSERT_EQUAL(Network::kReasonBeaconTimeout, network.disconnect_reason());
  network.begin("Garage", "");
  clock.set(1000);
  TEST_ASSERT_EQUAL(static_cast<int>(NetworkState::down), static_cast<int>(network.state()));
  TEST_ASSERT_EQUAL(Network::kReasonNoAccessPoint, network.disconnect_reason());
  TEST_ASSERT_EQUAL(1, network.losses());
}

/// A station in a simulated radio that a test changes by the board's messages.
struct Air {
  FakeClock clock;
  FakeWaker waker{clock};
  PosixNetwork network{clock, waker};

  explicit Air(Millis dhcp_ms = 0) {
    network.set_access_point(true, 0, dhcp_ms);
    network.begin("Garage", "hunter22");
  }
  void send(const std::string& message) {
    std::istringstream words(message);
    RadioChange change;
    TEST_ASSERT_TRUE_MESSAGE(parse_radio_message(words, change), message.c_str());
    network.change_radio(change);
  }
  void check(NetworkState state) { TEST_ASSERT_EQUAL(static_cast<int>(state), static_cast<int>(network.state())); }
  void check_driver(NetworkState state) {
    TEST_ASSERT_EQUAL(static_cast<int>(state), static_cast<int>(network.driver_state()));
  }
};

void a_described_access_point_is_joined_by_its_name_and_key() {
  Air air;
  air.send("ap 0 on 476172616765 68756e7465723232 -71 11");  // Garage, hunter22
  air.check(NetworkState::up);
  const LinkInfo link = air.network.link();
  TEST_ASSERT_EQUAL_INT8(-71, link.rssi);
  TEST_ASSERT_EQUAL_UINT8(11, link.channel);
  TEST_ASSERT_EQUAL_UINT8(192, link.address[0]);
  air.network.end(Network::kReasonNone);
  air.network.begin("Garage", "hunter23");
  air.check(NetworkState::down);
  TEST_ASSERT_EQUAL(Network::kReasonHandshakeTimeout, air.network.disconnect_reason());
  air.network.begin("House", "hunter22");
  air.clock.set(SimulatedRadio::kScan);
  air.check(NetworkState::down);
  TEST_ASSERT_EQUAL(Network::kReasonNoAccessPoint, air.network.disconnect_reason());
}

void a_lost_event_leaves_the_state_but_not_the_driver_s() {
  Air air;
  air.send("events lost 0");
  air.send("kick 200");
  air.check(NetworkState::up);
  air.check_driver(NetworkState::down);
  TEST_ASSERT_FALSE(air.network.link_up());
  air.network.end(Network::kReasonNoEvent);
  air.network.begin("Garage", "hunter22");
  air.check(NetworkState::up);
  TEST_ASSERT_EQUAL(1, air.network.losses());
}

void a_repeated_event_is_one_loss() {
  Air air;
  air.send("events twice 0");
  air.send("kick 4");
  air.check(NetworkState::down);
  TEST_ASSERT_EQUAL(1, air.network.losses());
  TEST_ASSERT_EQUAL(4, air.network.disconnect_reason());
}

void a_late_event_ends_no_later_link() {
  Air air(100);
  air.clock.set(100);
  air.send("events normal 50");
  air.send("kick 15");
  air.network.end(Network::kReasonNoEvent);
  air.network.begin("Garage", "hunter22");
  air.clock.set(1000);
  air.check(NetworkState::up);
}

void a_lost_lease_is_a_loss() {
  Air air;
  air.send("leases 0");
  air.check(NetworkState::down);
  TEST_ASSERT_EQUAL(Network::kReasonAddressLost, air.network.disconnect_reason());
  air.network.begin("Garage", "hunter22");
  air.check(NetworkState::dhcp);
  air.send("leases 1");
  air.check(NetworkState::up);
}

void an_access_point_may_require_silence() {
  Air air;
  air.send("silence 1000");
  air.send("kick 200");
  air.network.begin("Garage", "hunter22");
  air.check(NetworkState::down);
  TEST_ASSERT_EQUAL(Network::kReasonAuthenticationExpired, air.network.disconnect_reason());
  air.clock.set(999);
  air.network.begin("Garage", "hunter22");
  air.check(NetworkState::down);
  air.clock.set(1999);
  air.network.begin("Garage", "hunter22");
  air.check(NetworkState::up);
}

void a_scan_finds_the_strongest_first() {
  Air air;
  air.send("ap 0 on 61 - -80 1");
  air.send("ap 1 on 62 - -40 6");
  air.send("ap 2 on 63 - -60 6");
  air.send("ap 2 off");
  TEST_ASSERT_TRUE(air.network.start_scan());
  TEST_ASSERT_EQUAL_UINT64(SimulatedRadio::kScan, air.network.deadline());
  air.clock.set(SimulatedRadio::kScan);
  TEST_ASSERT_EQUAL(static_cast<int>(ScanState::done), static_cast<int>(air.network.scan_state()));
  FoundNetwork found[4];
  TEST_ASSERT_EQUAL_size_t(2, air.network.take_scan(found));
  TEST_ASSERT_EQUAL_STRING("b", found[0].ssid.c_str());
  TEST_ASSERT_TRUE(found[0].is_open);
  TEST_ASSERT_EQUAL_STRING("a", found[1].ssid.c_str());
}

void messages_about_the_radio_are_checked() {
  for (const char* message : {"", "ap", "ap 16 off", "ap 0 on 6 - -80 1", "ap 0 on 61 - -80 0", "ap 0 on 61 - 5 1",
                              "events late 0", "refuse 256", "leases 2", "kick", "sing 1"}) {
    std::istringstream words(message);
    RadioChange change;
    TEST_ASSERT_FALSE_MESSAGE(parse_radio_message(words, change), message);
  }
}

/// A network that is up, with sockets and a server on this machine.
struct Net {
  RealClock clock;
  RealSleeper sleeper{clock};
  WakeSources sources;
  PosixWaker waker{sleeper, sources};
  PosixNetwork network{clock, waker};
  DeviceHeap heap{200'000};
  FakeSecrets secrets;
  FakeRng rng;
  PosixTcp tcp{clock, heap, network, secrets, rng};
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  uint16_t port = 0;

  Net() {
    sources.add(network);
    sources.add(tcp);
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

void tcp_sends_and_receives_and_sees_the_end() {
  Net net;
  const size_t free_before = net.heap.free_bytes();
  const int socket = net.tcp.open("localhost", net.port, {});
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

void sent_bytes_are_delivered_when_the_peer_acknowledges_them() {
  Net net;
  const int socket = net.tcp.open("127.0.0.1", net.port, {});
  TEST_ASSERT_TRUE(net.becomes(socket, TcpState::open));
  const int peer = accept(net.listener, nullptr, nullptr);
  TEST_ASSERT_TRUE(net.tcp.delivered(socket));
  const std::string chunk(65'536, 'x');
  size_t unread = 0;
  for (size_t taken = chunk.size(); taken == chunk.size(); unread += taken) {
    taken = net.tcp.send(socket, Text(chunk.data(), chunk.size()).bytes());
  }
  TEST_ASSERT_FALSE(net.tcp.delivered(socket));
  char bytes[65'536];
  while (unread > 0) unread -= static_cast<size_t>(recv(peer, bytes, sizeof bytes, 0));
  TEST_ASSERT_TRUE(net.until([&] { return net.tcp.delivered(socket); }));
  net.tcp.close(socket);
  TEST_ASSERT_TRUE(net.tcp.delivered(socket));
  ::close(peer);
}

void a_reset_is_detected_with_pending_output() {
  Net net;
  const int socket = net.tcp.open("127.0.0.1", net.port, {});
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

void a_blocked_sender_is_only_woken_by_free_space() {
  Net net;
  const int socket = net.tcp.open("127.0.0.1", net.port, {});
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

void only_bytes_within_the_window_are_in_flight() {
  Net net;
  const int socket = net.tcp.open("127.0.0.1", net.port, {});
  TEST_ASSERT_TRUE(net.becomes(socket, TcpState::open));
  const int peer = accept(net.listener, nullptr, nullptr);
  const std::string much(1 << 16, 'x');
  const Bytes bytes{reinterpret_cast<const uint8_t*>(much.data()), much.size()};
  while (net.tcp.send(socket, bytes) == bytes.length) {
  }
  // The peer's kernel acknowledges the bytes it has accepted; the rest stays unsent.
  while (net.sources.under_way().unacknowledged) std::this_thread::yield();
  ::close(peer);
}

void connections_without_an_answer_to_their_syn_are_counted() {
  Net net;
  TEST_ASSERT_EQUAL(0, listen(net.listener, 0));  // one connection may wait to be accepted; further SYNs are ignored
  const int answered = net.tcp.open("127.0.0.1", net.port, {});
  TEST_ASSERT_TRUE(net.becomes(answered, TcpState::open));
  TEST_ASSERT_EQUAL_size_t(0, net.sources.under_way().connecting);
  const int ignored = net.tcp.open("127.0.0.1", net.port, {});
  TEST_ASSERT_EQUAL(static_cast<int>(TcpState::connecting), static_cast<int>(net.tcp.state(ignored)));
  TEST_ASSERT_EQUAL_size_t(1, net.sources.under_way().connecting);
  net.tcp.close(ignored);
  TEST_ASSERT_EQUAL_size_t(0, net.sources.under_way().connecting);
}

void a_lookup_is_pending_until_it_has_ended() {
  Net net;
  TEST_ASSERT_TRUE(net.tcp.open("127.0.0.1", net.port, {}) >= 0);
  TEST_ASSERT_EQUAL_size_t(0, net.sources.under_way().lookups.size());  // an address needs no lookup
  const int named = net.tcp.open("localhost", net.port, {});
  for (UnderWay under_way = net.sources.under_way(); !under_way.lookups.empty(); under_way = net.sources.under_way())
    TEST_ASSERT_EQUAL(1, poll(under_way.lookups.data(), 1, kLimitMs));
  TEST_ASSERT_TRUE(net.becomes(named, TcpState::open));
}

void a_refused_connection_and_an_unknown_host_are_closed() {
  Net net;
  ::close(net.listener);
  net.listener = -1;
  const int refused = net.tcp.open("127.0.0.1", net.port, {});
  TEST_ASSERT_TRUE(net.becomes(refused, TcpState::closed));
  const int unknown = net.tcp.open("no host has blanks", 1, {});
  TEST_ASSERT_TRUE(net.becomes(unknown, TcpState::closed));
}

void without_a_link_sockets_are_silent() {
  Net net;
  const int socket = net.tcp.open("127.0.0.1", net.port, {});
  TEST_ASSERT_TRUE(net.becomes(socket, TcpState::open));
  const int peer = accept(net.listener, nullptr, nullptr);
  net.network.set_access_point(false, 0, 0);
  TEST_ASSERT_EQUAL_size_t(0, net.tcp.send(socket, Text("lost?").bytes()));
  TEST_ASSERT_EQUAL(4, write(peer, "late", 4));
  uint8_t bytes[8];
  TEST_ASSERT_EQUAL_size_t(0, net.tcp.receive(socket, bytes));
  TEST_ASSERT_EQUAL(static_cast<int>(TcpState::open), static_cast<int>(net.tcp.state(socket)));
  const int pending = net.tcp.open("127.0.0.1", net.port, {});
  TEST_ASSERT_EQUAL(static_cast<int>(TcpState::connecting), static_cast<int>(net.tcp.state(pending)));
  net.network.set_access_point(true, 0, 0);
  net.network.begin("Garage", "");
  TEST_ASSERT_EQUAL_STRING("late", net.receive(socket, 4).c_str());
  TEST_ASSERT_TRUE(net.becomes(pending, TcpState::open));
  ::close(peer);
}

void sockets_and_memory_are_limited() {
  Net net;
  for (size_t i = 0; i < PosixTcp::kSockets; ++i) TEST_ASSERT_TRUE(net.tcp.open("127.0.0.1", net.port, {}) >= 0);
  TEST_ASSERT_EQUAL(Tcp::kNoSocket, net.tcp.open("127.0.0.1", net.port, {}));
  net.tcp.close(3);
  TEST_ASSERT_EQUAL(3, net.tcp.open("127.0.0.1", net.port, {}));
  net.tcp.close(3);
  while (net.heap.allocate(1000) != nullptr) {
  }
  const size_t before = net.heap.free_bytes();
  TEST_ASSERT_EQUAL(Tcp::kNoSocket, net.tcp.open("127.0.0.1", net.port, {}));
  TEST_ASSERT_EQUAL_size_t(before, net.heap.free_bytes());
}

void a_leak_is_lost_with_each_connection() {
  Net net;
  net.tcp.leak(64);
  const size_t before = net.heap.free_bytes();
  for (int i = 0; i < 10; ++i) net.tcp.close(net.tcp.open("127.0.0.1", net.port, {}));
  TEST_ASSERT_TRUE(before - net.heap.free_bytes() >= 640);
  net.tcp.leak(0);
  const size_t after = net.heap.free_bytes();
  net.tcp.close(net.tcp.open("127.0.0.1", net.port, {}));
  TEST_ASSERT_EQUAL_size_t(after, net.heap.free_bytes());
}

}  // namespace

void run_network_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(the_network_takes_the_times_of_the_board);
  RUN_TEST(a_described_access_point_is_joined_by_its_name_and_key);
  RUN_TEST(a_lost_event_leaves_the_state_but_not_the_driver_s);
  RUN_TEST(a_repeated_event_is_one_loss);
  RUN_TEST(a_late_event_ends_no_later_link);
  RUN_TEST(a_lost_lease_is_a_loss);
  RUN_TEST(an_access_point_may_require_silence);
  RUN_TEST(a_scan_finds_the_strongest_first);
  RUN_TEST(messages_about_the_radio_are_checked);
  RUN_TEST(tcp_sends_and_receives_and_sees_the_end);
  RUN_TEST(sent_bytes_are_delivered_when_the_peer_acknowledges_them);
  RUN_TEST(a_reset_is_detected_with_pending_output);
  RUN_TEST(a_blocked_sender_is_only_woken_by_free_space);
  RUN_TEST(only_bytes_within_the_window_are_in_flight);
  RUN_TEST(connections_without_an_answer_to_their_syn_are_counted);
  RUN_TEST(a_lookup_is_pending_until_it_has_ended);
  RUN_TEST(a_refused_connection_and_an_unknown_host_are_closed);
  RUN_TEST(without_a_link_sockets_are_silent);
  RUN_TEST(sockets_and_memory_are_limited);
  RUN_TEST(a_leak_is_lost_with_each_connection);
}
