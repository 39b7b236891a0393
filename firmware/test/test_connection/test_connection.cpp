#include <unity.h>

#include <string>
#include <vector>

#include "core/text_writer.h"
#include "features/websocket/connection.h"
#include "support/check.h"
#include "support/fake_clock.h"
#include "support/fake_network.h"
#include "support/fake_rng.h"
#include "support/fake_tcp.h"
#include "support/fake_uart.h"
#include "support/ws_peer.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

constexpr int64_t kTold = 1'900'000'000;  // a time of the CSMS; the fake port does not use it

struct Listener final : ConnectionListener {
  int connected = 0;
  int disconnected = 0;
  std::vector<std::string> messages;
  void on_connected(Millis) override { ++connected; }
  std::vector<std::string> beginnings;
  void on_message(Text message, Millis) override { messages.emplace_back(message.data, message.length); }
  void on_long_message(Text beginning, Millis) override { beginnings.emplace_back(beginning.data, beginning.length); }
  void on_disconnected(Millis) override { ++disconnected; }
};

struct Rig {
  FakeClock clock;
  FakeUart uart;
  Logger log{clock, uart};
  FakeTcp tcp;
  FakeNetwork network;
  FakeRng rng;
  Connection connection{tcp, network, rng, log};
  Listener listener;
  WsPeer peer{tcp};

  explicit Rig(Millis stable_after = 0, bool up = true) {
    ConnectionSettings settings;
    settings.url = "ws://csms.example:9000/ocpp";
    settings.identity = "CP/1";
    settings.stable_after = stable_after;
    connection.set_listener(listener);
    connection.configure(settings);
    if (up) network.become(NetworkState::up);
  }
  Millis poll() { return connection.poll(clock.now()); }
  /// Advances the time to the next poll of the connection, and polls it.
  Millis wait() {
    Millis due = poll();
    TEST_ASSERT_NOT_EQUAL_UINT64(kNever, due);
    if (due > clock.now()) clock.set(due);
    return poll();
  }
  void open() {
    poll();
    while (connection.sockets() == 0) wait();
    peer.accept_tcp();
    poll();
    peer.accept_handshake();
    poll();
    TEST_ASSERT_TRUE(connection.connected());
  }
  bool logged(const char* part) { return uart.wrote(part); }
};

void connects_and_exchanges_messages() {
  Rig rig;
  rig.poll();
  TEST_ASSERT_EQUAL_STRING("csms.example", rig.tcp.peer().host.c_str());
  TEST_ASSERT_EQUAL_UINT16(9000, rig.tcp.peer().port);
  rig.peer.accept_tcp();
  rig.poll();
  TEST_ASSERT_EQUAL_STRING("GET /ocpp/CP%2F1 HTTP/1.1", rig.peer.accept_handshake().c_str());
  rig.poll();
  TEST_ASSERT_EQUAL(1, rig.listener.connected);
  TEST_ASSERT_EQUAL_UINT32(1, rig.connection.connects());
  TEST_ASSERT_TRUE(rig.connection.send("hello"));
  TEST_ASSERT_EQUAL_STRING("hello", rig.peer.take_messages().at(0).c_str());
  rig.peer.send("one");
  rig.peer.send("two");
  rig.poll();
  TEST_ASSERT_EQUAL_size_t(2, rig.listener.messages.size());
  TEST_ASSERT_EQUAL_STRING("two", rig.listener.messages[1].c_str());
}

void nothing_is_tried_without_a_network() {
  Rig rig(0, false);
  TEST_ASSERT_EQUAL_UINT64(kNever, rig.poll());
  TEST_ASSERT_EQUAL(0, rig.tcp.opens);
  rig.network.become(NetworkState::up);
  rig.poll();
  TEST_ASSERT_EQUAL(1, rig.tcp.opens);
}

void network_loss_ends_the_connection_and_its_return_starts_a_new_one() {
  Rig rig;
  rig.open();
  rig.network.fall(Network::kReasonBeaconTimeout);
  rig.poll();
  TEST_ASSERT_EQUAL(1, rig.listener.disconnected);
  TEST_ASSERT_EQUAL_UINT32(0, rig.connection.sockets());
  rig.network.become(NetworkState::up);
  rig.poll();
  TEST_ASSERT_EQUAL(2, rig.tcp.opens);
}

void link_loss_between_two_polls_is_detected() {
  Rig rig;
  rig.open();
  rig.network.fall(Network::kReasonBeaconTimeout);
  rig.network.become(NetworkState::up);
  rig.poll();
  TEST_ASSERT_EQUAL(1, rig.listener.disconnected);
  TEST_ASSERT_EQUAL(2, rig.tcp.opens);
}

void refused_attempts_back_off_up_to_the_limit() {
  Rig rig;
  std::vector<Millis> waits;
  for (int i = 0; i < 20; ++i) {
    int opens = rig.tcp.opens;
    Millis before = rig.clock.now();
    while (rig.tcp.opens == opens) rig.wait();
    if (i > 0) waits.push_back(rig.clock.now() - before);
    rig.tcp.reset();
    rig.poll();
  }
  Millis step = 1000;
  for (Millis wait : waits) {
    TEST_ASSERT_GREATER_OR_EQUAL_UINT64(step / 2, wait);
    TEST_ASSERT_LESS_OR_EQUAL_UINT64(step, wait);
    step = step * 2 > 120'000 ? 120'000 : step * 2;
  }
  TEST_ASSERT_TRUE(rig.logged("connection refused or host unreachable"));
}

/// Loses an open connection `count` times, each after `held`. @return the last backoff.
Millis lose_connections(Rig& rig, int count, Millis held, bool confirm) {
  Millis wait = 0;
  for (int i = 0; i < count; ++i) {
    rig.open();
    if (confirm) rig.connection.confirm();
    rig.clock.advance(held);
    rig.peer.send_pong();
    rig.tcp.reset();
    Millis lost = rig.clock.now();
    wait = rig.poll() - lost;
  }
  return wait;
}

void backoff_resets_only_after_an_accepted_and_stable_connection() {
  Rig accepted(5000);
  TEST_ASSERT_LESS_OR_EQUAL_UINT64(1000, lose_connections(accepted, 6, 5000, true));
  Rig flapping(5000);
  TEST_ASSERT_GREATER_THAN_UINT64(1000, lose_connections(flapping, 6, 4999, true));
  Rig never_accepted(5000);
  TEST_ASSERT_GREATER_THAN_UINT64(1000, lose_connections(never_accepted, 6, 5000, false));
}

void every_state_has_a_deadline() {
  Rig rig;
  rig.poll();  // connecting, without an answer
  rig.wait();
  TEST_ASSERT_EQUAL_UINT64(Connection::kConnectTimeout, rig.clock.now());
  TEST_ASSERT_EQUAL_UINT32(0, rig.connection.sockets());
  rig.wait();
  rig.peer.accept_tcp();  // connected, without an answer to the handshake
  rig.poll();
  Millis opened = rig.clock.now();
  rig.wait();
  TEST_ASSERT_EQUAL_UINT64(opened + WsLimits().handshake, rig.clock.now());
  TEST_ASSERT_EQUAL_UINT32(0, rig.connection.sockets());
  TEST_ASSERT_TRUE(rig.logged("no answer to the WebSocket handshake in time"));
  rig.open();
  rig.connection.close(ws_close::kGoingAway, "bye", rig.clock.now());  // and the peer does not answer
  Millis closed = rig.clock.now();
  rig.wait();
  TEST_ASSERT_EQUAL_UINT64(closed + WsLimits().close, rig.clock.now());
  TEST_ASSERT_EQUAL_UINT32(0, rig.connection.sockets());
  TEST_ASSERT_EQUAL(1, rig.listener.disconnected);
}

void half_open_link_is_detected_within_two_ping_intervals() {
  Rig rig;
  rig.open();
  for (int i = 0; i < 5; ++i) {  // a working link first
    rig.wait();
    rig.peer.send_pong();
    rig.poll();
  }
  Millis silent_since = rig.clock.now();
  while (rig.connection.connected()) rig.wait();
  TEST_ASSERT_LESS_OR_EQUAL_UINT64(2 * WsLimits().ping_interval, rig.clock.now() - silent_since);
  TEST_ASSERT_TRUE(rig.logged("the link is dead"));
  TEST_ASSERT_EQUAL(1, rig.listener.disconnected);
  rig.open();
}

void connection_is_restored_after_the_peer_closes() {
  for (const char* payload : {"\x03\xe8", "\x03\xe9", "\x03\xf4"}) {
    Rig rig;
    rig.open();
    rig.peer.send_close(std::string(payload, 2));
    rig.poll();
    TEST_ASSERT_EQUAL(1, rig.listener.disconnected);
    rig.open();
    TEST_ASSERT_EQUAL(2, rig.listener.connected);
  }
}

void http_status_of_a_refusal_is_logged() {
  Rig rig;
  rig.poll();
  rig.peer.accept_tcp();
  rig.poll();
  rig.peer.accept_handshake("503 Service Unavailable");
  rig.poll();
  TEST_ASSERT_TRUE(rig.logged("server did not switch to WebSocket (HTTP 503)"));
  TEST_ASSERT_EQUAL_UINT32(0, rig.connection.sockets());
}

void socket_shortage_delays_the_attempt() {
  Rig rig;
  rig.tcp.exhausted = true;
  rig.poll();
  TEST_ASSERT_TRUE(rig.logged("no free socket"));
  rig.tcp.exhausted = false;
  rig.wait();
  TEST_ASSERT_EQUAL(1, rig.tcp.opens);
}

void slow_peer_gets_everything() {
  Rig rig;
  rig.open();
  rig.peer.take_frames();
  rig.tcp.peer().window = 0;
  std::string long_text(3000, 'x');
  TEST_ASSERT_TRUE(rig.connection.send({long_text.data(), long_text.size()}));
  std::string got;
  for (int i = 0; i < 1000 && got.size() < 3008; ++i) {
    rig.tcp.peer().window = 7;
    rig.poll();
    got += rig.tcp.take_sent();
  }
  TEST_ASSERT_EQUAL_size_t(3008, got.size());
}

void last_message_and_close_are_read_while_output_is_pending() {
  Rig rig;
  rig.open();
  rig.tcp.peer().window = 0;
  TEST_ASSERT_TRUE(rig.connection.send("never sent"));
  rig.peer.send("last words");
  rig.tcp.reset();
  rig.poll();
  TEST_ASSERT_EQUAL_size_t(1, rig.listener.messages.size());
  TEST_ASSERT_EQUAL(1, rig.listener.disconnected);
  TEST_ASSERT_FALSE(rig.connection.connected());
}

void a_flooding_peer_does_not_block_other_features() {
  Rig rig;
  rig.open();
  std::string pongs;
  for (int i = 0; i < 10'000; ++i) pongs += std::string("\x8a\x00", 2);
  rig.tcp.deliver(pongs);
  rig.peer.send("behind them");
  size_t left = rig.tcp.peer().incoming.size();
  while (left != 0) {
    const Millis due = rig.poll();
    const size_t read = left - rig.tcp.peer().incoming.size();
    TEST_ASSERT_LESS_OR_EQUAL_size_t(Connection::kMaxReceivedPerPoll, read);
    if (rig.tcp.peer().incoming.size() != 0) TEST_ASSERT_EQUAL_UINT64(rig.clock.now(), due);
    left -= read;
  }
  TEST_ASSERT_EQUAL_size_t(1, rig.listener.messages.size());
  TEST_ASSERT_GREATER_THAN_UINT64(rig.clock.now(), rig.poll());
}

void a_flooding_peer_does_not_delay_a_deadline() {
  Rig rig;
  rig.open();
  rig.connection.close(ws_close::kGoingAway, "bye", rig.clock.now());
  rig.clock.advance(WsLimits().close);
  for (int i = 0; i < 10'000; ++i) rig.peer.send_pong();
  rig.poll();
  TEST_ASSERT_EQUAL_UINT32(0, rig.connection.sockets());
}

void invalid_settings_are_named_and_not_tried() {
  struct Case {
    const char* url;
    const char* identity;
    const char* message;
  };
  const Case cases[] = {
      {"", "id", "csms_url is not set; no connection is tried"},
      {"http://x/", "id", "csms_url must begin with ws:// or wss://; no connection is tried"},
      {"ws://x/", "", "identity must have 1 to 48 characters; no connection is tried"},
  };
  for (const Case& c : cases) {
    Rig rig;
    Connection connection{rig.tcp, rig.network, rig.rng, rig.log};
    ConnectionSettings settings;
    settings.url = c.url;
    settings.identity = c.identity;
    connection.configure(settings);
    TEST_ASSERT_TRUE_MESSAGE(rig.logged(c.message), c.message);
    TEST_ASSERT_EQUAL_UINT64(kNever, connection.poll(rig.clock.now()));
  }
}

/// The protection that the test sets.
struct FakeCredentials final : Credentials {
  TcpSecurity wanted{true, false, {1000, true}};
  bool has_tls(bool) const override { return wanted.tls; }
  TcpSecurity security(bool) override { return wanted; }
  Text authorization(Text identity, Span<char> into) override {
    TextWriter text(into);
    return text.append_all("Basic of ", identity).text();
  }
};

struct SecuredRig : Rig {
  FakeCredentials credentials;
  SecuredRig() { connection.set_credentials(credentials); }
};

void credentials_are_asked_at_each_attempt() {
  SecuredRig rig;
  rig.poll();
  TEST_ASSERT_TRUE(rig.tcp.peer().security.tls);
  TEST_ASSERT_TRUE(rig.logged("connecting to csms.example:9000/ocpp/CP%2F1 with TLS"));
  rig.peer.accept_tcp();
  rig.poll();
  check_contains("Authorization: Basic of CP/1\r\n", rig.tcp.peer().sent);
  rig.tcp.reset();
  rig.poll();
  rig.credentials.wanted = {};
  rig.wait();
  TEST_ASSERT_FALSE(rig.tcp.peer().security.tls);
}

void the_deadline_of_a_tls_handshake_is_the_ports() {
  SecuredRig rig;
  rig.poll();
  rig.tcp.peer().state = TcpState::securing;
  TEST_ASSERT_EQUAL_UINT64(kNever, rig.poll());
  rig.clock.advance(Connection::kConnectTimeout + 1);
  rig.poll();
  TEST_ASSERT_EQUAL_UINT32(1, rig.connection.sockets());
}

void a_failed_tls_handshake_is_named_with_its_numbers() {
  struct Case {
    TcpProblem problem;
    const char* message;
  };
  const Case cases[] = {
      {{TcpFailure::certificate_expired, 0, 0, 0}, "ws: TLS: the certificate of the CSMS has expired; next attempt in"},
      {{TcpFailure::no_memory, 0, 16717, 9000},
       "in one block: 16717 bytes are needed, the largest block has 9000; next"},
      {{TcpFailure::rejected_by_peer, 48, 0, 0}, "the CSMS rejected the handshake with alert 48; next"},
      {{TcpFailure::protocol, -0x7780, 0, 0}, "the handshake failed with error -0x7780; next"},
  };
  for (const Case& c : cases) {
    SecuredRig rig;
    rig.poll();
    rig.tcp.fail(c.problem);
    rig.poll();
    TEST_ASSERT_TRUE_MESSAGE(rig.logged(c.message), c.message);
    TEST_ASSERT_EQUAL(static_cast<int>(c.problem.failure), static_cast<int>(rig.connection.problem().failure));
    rig.open();
    TEST_ASSERT_EQUAL(static_cast<int>(TcpFailure::none), static_cast<int>(rig.connection.problem().failure));
  }
}

void a_certificate_is_judged_again_once_the_time_is_known() {
  SecuredRig rig;
  rig.credentials.wanted.time.is_exact = false;
  rig.open();
  rig.tcp.peer().judgement = TcpFailure::certificate_expired;
  rig.poll();
  TEST_ASSERT_TRUE(rig.connection.connected());
  TEST_ASSERT_FALSE(rig.connection.certificate_holds_at(kTold));
  rig.poll();
  TEST_ASSERT_FALSE(rig.connection.connected());
  TEST_ASSERT_EQUAL(1, rig.listener.disconnected);
  TEST_ASSERT_TRUE(rig.logged("TLS: the certificate of the CSMS has expired"));
}

void a_certificate_that_was_judged_by_the_right_time_survives_a_wrong_one() {
  SecuredRig rig;
  rig.open();
  rig.tcp.peer().judgement = TcpFailure::certificate_expired;
  TEST_ASSERT_FALSE(rig.connection.certificate_holds_at(kTold));
  rig.poll();
  TEST_ASSERT_TRUE(rig.connection.connected());
}

void a_certificate_that_holds_at_the_first_time_survives_a_wrong_one() {
  SecuredRig rig;
  rig.credentials.wanted.time.is_exact = false;
  rig.open();
  TEST_ASSERT_TRUE(rig.connection.certificate_holds_at(kTold));
  rig.tcp.peer().judgement = TcpFailure::certificate_expired;
  TEST_ASSERT_FALSE(rig.connection.certificate_holds_at(kTold));
  rig.poll();
  TEST_ASSERT_TRUE(rig.connection.connected());
}

/// The time server may answer before the handshake ends, and later.
void certificate_that_had_expired_by_a_better_limit_ends_the_connection() {
  enum { during_the_handshake, later };
  for (const int when : {during_the_handshake, later}) {
    SecuredRig rig;
    rig.credentials.wanted.time.is_exact = false;
    if (when == later) rig.open();
    rig.poll();
    rig.tcp.peer().judgement = TcpFailure::certificate_not_yet_valid;
    rig.connection.raise_time_limit(kTold);
    rig.poll();
    TEST_ASSERT_TRUE(rig.connection.sockets() == 1);
    rig.tcp.peer().judgement = TcpFailure::certificate_expired;
    rig.connection.raise_time_limit(kTold);
    rig.tcp.accept();
    rig.tcp.take_sent();
    rig.poll();
    TEST_ASSERT_EQUAL_UINT32(0, rig.connection.sockets());
    if (when == during_the_handshake) TEST_ASSERT_EQUAL_STRING("", rig.tcp.take_sent().c_str());
    TEST_ASSERT_TRUE(rig.logged("TLS: the certificate of the CSMS has expired"));
  }
}

void tls_waits_for_the_answer_of_the_time_server() {
  enum { answered, unanswered };
  for (const int how : {answered, unanswered}) {
    SecuredRig rig;
    rig.connection.wait_for_time(10'000);
    TEST_ASSERT_EQUAL_UINT64(10'000, rig.poll());
    TEST_ASSERT_EQUAL_UINT32(0, rig.connection.sockets());
    if (how == answered) rig.connection.raise_time_limit(kTold);
    if (how == unanswered) rig.clock.set(10'000);
    rig.poll();
    TEST_ASSERT_EQUAL_UINT32(1, rig.connection.sockets());
  }
}

void exact_time_counts_more_than_a_limit() {
  SecuredRig rig;
  rig.open();
  rig.tcp.peer().judgement = TcpFailure::certificate_expired;
  rig.connection.raise_time_limit(kTold);
  rig.poll();
  TEST_ASSERT_TRUE(rig.connection.connected());
}

void a_connection_is_renewed_when_answers_have_gone_out() {
  Rig rig;
  rig.open();
  rig.connection.renew(rig.clock.now());
  rig.clock.advance(Connection::kRenewDelay - 1);
  rig.poll();
  TEST_ASSERT_TRUE(rig.connection.connected());
  rig.clock.advance(1);
  rig.poll();
  TEST_ASSERT_FALSE(rig.connection.connected());
  TEST_ASSERT_EQUAL(1, rig.listener.disconnected);
}

void a_message_longer_than_the_buffer_keeps_the_connection() {
  Rig rig;
  rig.open();
  rig.peer.send(std::string(WsProtocol::kMaxMessage, 'a'));
  rig.peer.send(std::string(WsProtocol::kMaxMessage, 'b') + "c");
  rig.peer.send("next");
  while (rig.poll() <= rig.clock.now()) {
  }
  TEST_ASSERT_TRUE(rig.connection.connected());
  TEST_ASSERT_EQUAL_size_t(2, rig.listener.messages.size());
  TEST_ASSERT_EQUAL_STRING("next", rig.listener.messages[1].c_str());
  TEST_ASSERT_EQUAL_size_t(1, rig.listener.beginnings.size());
  TEST_ASSERT_TRUE(rig.listener.beginnings[0] == std::string(WsProtocol::kMaxMessage, 'b'));
}

void sent_bytes_are_delivered_when_acknowledged() {
  Rig rig;
  TEST_ASSERT_TRUE(rig.connection.delivered());
  rig.open();
  rig.tcp.take_sent();
  rig.tcp.peer().window = 3;
  rig.connection.send("hello");
  TEST_ASSERT_FALSE(rig.connection.delivered());
  rig.tcp.peer().acknowledges = false;
  rig.tcp.peer().window = 100;
  rig.poll();
  TEST_ASSERT_FALSE(rig.connection.delivered());
  rig.tcp.peer().acknowledges = true;
  TEST_ASSERT_TRUE(rig.connection.delivered());
}

void a_new_target_is_used_without_a_restart() {
  Rig rig;
  rig.open();
  TEST_ASSERT_EQUAL_UINT32(0, rig.connection.target());
  rig.connection.retarget("ws://other.example:9001/", "CP/2", rig.clock.now());
  rig.poll();
  TEST_ASSERT_TRUE_MESSAGE(rig.connection.connected(), "the answer to the change has had no time");
  rig.clock.advance(Connection::kRenewDelay);
  rig.poll();
  TEST_ASSERT_EQUAL(1, rig.listener.disconnected);
  while (rig.tcp.opens == 1) rig.wait();
  TEST_ASSERT_EQUAL_STRING("other.example", rig.tcp.peer().host.c_str());
  rig.peer.accept_tcp();
  rig.poll();
  TEST_ASSERT_EQUAL_STRING("GET /CP%2F2 HTTP/1.1", rig.peer.accept_handshake().c_str());
  TEST_ASSERT_EQUAL_UINT32(1, rig.connection.target());
}

void an_attempt_is_aborted_for_a_new_target() {
  Rig rig;
  rig.poll();
  TEST_ASSERT_EQUAL(1, rig.tcp.opens);
  rig.connection.retarget("ws://other.example/", "CP/1", rig.clock.now());
  rig.clock.advance(Connection::kRenewDelay);
  rig.poll();
  TEST_ASSERT_EQUAL(2, rig.tcp.opens);
  TEST_ASSERT_EQUAL_STRING("other.example", rig.tcp.peer().host.c_str());
}

void a_first_target_needs_no_restart() {
  Rig rig;
  Connection connection{rig.tcp, rig.network, rig.rng, rig.log};
  connection.set_listener(rig.listener);
  connection.configure({});
  TEST_ASSERT_EQUAL_UINT64(kNever, connection.poll(0));
  connection.retarget("ws://other.example/", "CP/1", 0);
  TEST_ASSERT_EQUAL_UINT64(Connection::kRenewDelay, connection.poll(0));
  rig.clock.advance(Connection::kRenewDelay);
  connection.poll(rig.clock.now());
  TEST_ASSERT_EQUAL_STRING("other.example", rig.tcp.peer().host.c_str());
}

void a_target_that_cannot_be_used_ends_the_attempts() {
  Rig rig;
  rig.open();
  rig.connection.retarget("", "CP/1", rig.clock.now());
  rig.clock.advance(Connection::kRenewDelay);
  for (int i = 0; i < 5; ++i) rig.clock.set(earlier(rig.poll(), rig.clock.now() + 10'000));
  TEST_ASSERT_EQUAL_UINT64(kNever, rig.poll());
  TEST_ASSERT_TRUE(rig.logged("csms_url is not set; no connection is tried"));
}

void a_connection_with_earlier_settings_is_not_current() {
  Rig rig;
  TEST_ASSERT_FALSE(rig.connection.is_current());
  rig.open();
  TEST_ASSERT_TRUE(rig.connection.is_current());
  rig.connection.renew(rig.clock.now());
  TEST_ASSERT_FALSE(rig.connection.is_current());
}

/// @return the pause after a refusal with these headers
Millis pause_after(const std::string& headers) {
  Rig rig;
  rig.poll();
  rig.peer.accept_tcp();
  rig.poll();
  rig.tcp.take_sent();
  rig.tcp.deliver("HTTP/1.1 503 Service Unavailable\r\n" + headers + "\r\n");
  return rig.poll() - rig.clock.now();
}

void a_server_can_ask_for_a_longer_pause() {
  const Millis usual = pause_after("");
  TEST_ASSERT_TRUE(usual <= 1'000);
  TEST_ASSERT_EQUAL_UINT64(usual + 120'000, pause_after("Retry-After: 120\r\n"));
  TEST_ASSERT_EQUAL_UINT64(usual + Connection::kMaxRetryAfter, pause_after("Retry-After: 864000\r\n"));
}

void the_address_of_a_redirect_is_logged() {
  Rig rig;
  rig.poll();
  rig.peer.accept_tcp();
  rig.poll();
  rig.tcp.deliver("HTTP/1.1 301 Moved Permanently\r\nLocation: wss://other.example/ocpp\r\n\r\n");
  rig.poll();
  TEST_ASSERT_TRUE(rig.logged("the server redirects to 'wss://other.example/ocpp': set csms_url to follow it"));
}

void a_password_in_a_redirect_is_not_logged() {
  Rig rig;
  rig.poll();
  rig.peer.accept_tcp();
  rig.poll();
  rig.tcp.deliver("HTTP/1.1 302 Found\r\nLocation: ws://user:hunter2@other.example/\r\n\r\n");
  rig.poll();
  TEST_ASSERT_TRUE(rig.logged("the server redirects to a URL with a user"));
  TEST_ASSERT_FALSE(rig.logged("hunter2"));
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(connects_and_exchanges_messages);
  RUN_TEST(nothing_is_tried_without_a_network);
  RUN_TEST(network_loss_ends_the_connection_and_its_return_starts_a_new_one);
  RUN_TEST(link_loss_between_two_polls_is_detected);
  RUN_TEST(refused_attempts_back_off_up_to_the_limit);
  RUN_TEST(backoff_resets_only_after_an_accepted_and_stable_connection);
  RUN_TEST(every_state_has_a_deadline);
  RUN_TEST(half_open_link_is_detected_within_two_ping_intervals);
  RUN_TEST(connection_is_restored_after_the_peer_closes);
  RUN_TEST(http_status_of_a_refusal_is_logged);
  RUN_TEST(socket_shortage_delays_the_attempt);
  RUN_TEST(slow_peer_gets_everything);
  RUN_TEST(last_message_and_close_are_read_while_output_is_pending);
  RUN_TEST(a_flooding_peer_does_not_block_other_features);
  RUN_TEST(a_flooding_peer_does_not_delay_a_deadline);
  RUN_TEST(invalid_settings_are_named_and_not_tried);
  RUN_TEST(credentials_are_asked_at_each_attempt);
  RUN_TEST(the_deadline_of_a_tls_handshake_is_the_ports);
  RUN_TEST(a_failed_tls_handshake_is_named_with_its_numbers);
  RUN_TEST(a_certificate_is_judged_again_once_the_time_is_known);
  RUN_TEST(a_certificate_that_was_judged_by_the_right_time_survives_a_wrong_one);
  RUN_TEST(certificate_that_had_expired_by_a_better_limit_ends_the_connection);
  RUN_TEST(tls_waits_for_the_answer_of_the_time_server);
  RUN_TEST(exact_time_counts_more_than_a_limit);
  RUN_TEST(a_certificate_that_holds_at_the_first_time_survives_a_wrong_one);
  RUN_TEST(a_connection_is_renewed_when_answers_have_gone_out);
  RUN_TEST(a_message_longer_than_the_buffer_keeps_the_connection);
  RUN_TEST(sent_bytes_are_delivered_when_acknowledged);
  RUN_TEST(a_new_target_is_used_without_a_restart);
  RUN_TEST(an_attempt_is_aborted_for_a_new_target);
  RUN_TEST(a_first_target_needs_no_restart);
  RUN_TEST(a_target_that_cannot_be_used_ends_the_attempts);
  RUN_TEST(a_connection_with_earlier_settings_is_not_current);
  RUN_TEST(a_server_can_ask_for_a_longer_pause);
  RUN_TEST(the_address_of_a_redirect_is_logged);
  RUN_TEST(a_password_in_a_redirect_is_not_logged);
  return UNITY_END();
}
