#include <stdlib.h>
#include <unity.h>

#include <initializer_list>

#include "core/sha1.h"
#include "features/websocket/protocol.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

class CountingRng final : public Rng {
 public:
  uint32_t next() override { return state_ = state_ * 1664525u + 1013904223u; }

 private:
  uint32_t state_ = 1;
};

constexpr WsRequest kRequest{"csms:9000", "/ocpp/CP-1", "ocpp1.6", ""};

/// A client whose peer is the test: input is fed in pieces of a chosen size, output is recorded unmasked.
struct Client {
  CountingRng rng;
  WsProtocol protocol{rng};
  Millis now = 1000;
  size_t piece = 1;  // bytes per piece
  WsProtocol::Event last = WsProtocol::Event::none;
  unsigned messages = 0;
  char message[WsProtocol::kMaxMessage];
  size_t message_length = 0;

  WsLimits limits;

  void begin() { TEST_ASSERT_TRUE(protocol.begin(kRequest, limits, now)); }

  /// Feeds everything; copies each message at its event, as the connection does.
  void give(Text text) {
    Bytes rest = text.bytes();
    while (!rest.empty()) {
      Bytes part = rest.first(piece);
      uint8_t* copy = static_cast<uint8_t*>(malloc(part.length));
      memcpy(copy, part.data, part.length);
      Bytes left{copy, part.length};
      while (!left.empty()) {
        WsProtocol::Event event = WsProtocol::Event::none;
        left = left.after(protocol.receive(left, now, event));
        if (event == WsProtocol::Event::message) {
          ++messages;
          message_length = protocol.message().length;
          memcpy(message, protocol.message().data, message_length);
        }
        if (event != WsProtocol::Event::none) last = event;
      }
      free(copy);
      rest = rest.after(part.length);
    }
  }

  void give_answer(const char* extra = "Sec-WebSocket-Protocol: ocpp1.6\r\n",
                   const char* status = "HTTP/1.1 101 Switching Protocols\r\n") {
    Bytes request = protocol.output();
    Text text{reinterpret_cast<const char*>(request.data), request.length};
    Text marker = "Sec-WebSocket-Key: ";
    size_t at = 0;
    while (memcmp(text.data + at, marker.data, marker.length) != 0) ++at;
    char accept[kWsAcceptLength];
    websocket_accept_key({text.data + at + marker.length, kWsKeyLength}, accept);
    protocol.output_sent(request.length);
    give(status);
    give("upgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\nSec-WebSocket-Accept: ");
    give({accept, kWsAcceptLength});
    give("\r\n");
    give(extra);
    give("\r\n");
  }

  void open() {
    begin();
    give_answer();
    TEST_ASSERT_EQUAL(WsProtocol::State::open, protocol.state());
  }

  /// Reads the next sent frame, unmasked into `payload`. @return its first byte, 0 without a frame.
  uint8_t sent_frame(char* payload, size_t& length) {
    Bytes out = protocol.output();
    if (out.length == 0) return 0;
    TEST_ASSERT_NOT_EQUAL_MESSAGE(0, out[1] & 0x80, "a client masks every frame");
    size_t header = 2;
    length = out[1] & 0x7f;
    if (length == 126) {
      length = static_cast<size_t>(out[2]) << 8 | out[3];
      header = 4;
    }
    TEST_ASSERT_GREATER_OR_EQUAL_size_t(header + 4 + length, out.length);
    for (size_t i = 0; i < length; ++i) payload[i] = static_cast<char>(out[header + 4 + i] ^ out[header + i % 4]);
    uint8_t first = out[0];
    protocol.output_sent(header + 4 + length);
    return first;
  }

  void assert_sent(uint8_t first, Text payload) {
    char bytes[WsProtocol::kMaxMessage];
    size_t length = 0;
    TEST_ASSERT_EQUAL_HEX8(first, sent_frame(bytes, length));
    TEST_ASSERT_EQUAL_size_t(payload.length, length);
    if (length > 0) TEST_ASSERT_EQUAL_MEMORY(payload.data, bytes, length);
  }

  void assert_closed(uint16_t code) {
    TEST_ASSERT_EQUAL(WsProtocol::State::closed, protocol.state());
    TEST_ASSERT_EQUAL_UINT16(code, protocol.close_code());
  }

  void assert_failed(uint16_t code) {
    assert_closed(code);
    char bytes[WsProtocol::kMaxMessage];
    size_t length = 0;
    uint8_t first = 0;
    do first = sent_frame(bytes, length);  // pongs may precede the Close
    while (first == 0x8a);
    TEST_ASSERT_EQUAL_HEX8(0x88, first);
    TEST_ASSERT_EQUAL_UINT16(code, static_cast<uint8_t>(bytes[0]) << 8 | static_cast<uint8_t>(bytes[1]));
  }
};

/// Runs `check` with the input divided into pieces of every small size.
template <class Check>
void in_pieces(Check check) {
  for (size_t piece : {size_t{1}, size_t{2}, size_t{3}, size_t{5}, size_t{7}, size_t{13}, size_t{1000}}) {
    Client* client = new Client();
    client->piece = piece;
    check(*client);
    delete client;
  }
}

void accept_key_is_that_of_the_rfc() {
  char accept[kWsAcceptLength];
  websocket_accept_key("dGhlIHNhbXBsZSBub25jZQ==", accept);
  TEST_ASSERT_EQUAL_MEMORY("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", accept, kWsAcceptLength);
}

void sha1_of_every_padding_length() {
  // Test vectors of FIPS 180.
  uint8_t digest[kSha1Length];
  sha1(Text("abc").bytes(), digest);
  const uint8_t abc[] = {0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
                         0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d};
  TEST_ASSERT_EQUAL_MEMORY(abc, digest, kSha1Length);
  sha1(Text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").bytes(), digest);
  const uint8_t two[] = {0x84, 0x98, 0x3e, 0x44, 0x1c, 0x3b, 0xd2, 0x6e, 0xba, 0xae,
                         0x4a, 0xa1, 0xf9, 0x51, 0x29, 0xe5, 0xe5, 0x46, 0x70, 0xf1};
  TEST_ASSERT_EQUAL_MEMORY(two, digest, kSha1Length);
  sha1({}, digest);
  const uint8_t none[] = {0xda, 0x39, 0xa3, 0xee, 0x5e, 0x6b, 0x4b, 0x0d, 0x32, 0x55,
                          0xbf, 0xef, 0x95, 0x60, 0x18, 0x90, 0xaf, 0xd8, 0x07, 0x09};
  TEST_ASSERT_EQUAL_MEMORY(none, digest, kSha1Length);
}

void handshake_opens() {
  in_pieces([](Client& client) {
    client.begin();
    Text request{reinterpret_cast<const char*>(client.protocol.output().data), client.protocol.output().length};
    Text start = "GET /ocpp/CP-1 HTTP/1.1\r\nHost: csms:9000\r\n";
    TEST_ASSERT_EQUAL_MEMORY(start.data, request.data, start.length);
    client.give_answer();
    TEST_ASSERT_EQUAL(WsProtocol::Event::opened, client.last);
    TEST_ASSERT_EQUAL_UINT16(101, client.protocol.http_status());
  });
}

void handshake_is_rejected_for_each_error() {
  struct Case {
    const char* extra;
    const char* status;
    const char* reason;
  };
  const char* ok = "HTTP/1.1 101 Switching Protocols\r\n";
  const Case cases[] = {
      {"", ok, "server did not choose the offered subprotocol"},
      {"Sec-WebSocket-Protocol: ocpp2.0.1\r\n", ok, "server chose a subprotocol that was not offered"},
      {"Sec-WebSocket-Extensions: permessage-deflate\r\n", ok, "server chose an extension that was not offered"},
      {"Sec-WebSocket-Accept: AAAA\r\n", ok, "wrong Sec-WebSocket-Accept"},
      {"no colon\r\n", ok, "malformed header in the HTTP answer"},
      {"", "HTTP/1.1 503 Service Unavailable\r\n", "server did not switch to WebSocket"},
      {"", "HTTP/1.1 101\n", "line of the HTTP answer does not end with CR LF"},
      {"", "SSH-2.0-OpenSSH\r\n", "not an HTTP/1.1 answer"},
  };
  for (const Case& c : cases) {
    Client client;
    client.begin();
    client.give_answer(c.extra, c.status);
    client.assert_closed(ws_close::kAbnormal);
    TEST_ASSERT_EQUAL_STRING_LEN(c.reason, client.protocol.close_reason().data, strlen(c.reason));
  }
}

void handshake_without_answer_times_out() {
  Client client;
  client.begin();
  client.give("HTTP/1.1 101");
  client.now = client.protocol.deadline() - 1;
  TEST_ASSERT_EQUAL(WsProtocol::Event::none, client.protocol.poll(client.now));
  TEST_ASSERT_EQUAL(WsProtocol::Event::closed, client.protocol.poll(client.now + 1));
  client.assert_closed(ws_close::kAbnormal);
}

void fragments_join_with_control_frames_between() {
  in_pieces([](Client& client) {
    client.open();
    client.give({"\x01\x02He\x89\x01?\x00\x02\xc3\x80\x01\xa9\x80\x00", 14});
    TEST_ASSERT_EQUAL(WsProtocol::State::closed, client.protocol.state());  // a stray continuation ends the connection
  });
  in_pieces([](Client& client) {
    client.open();
    client.give({"\x01\x02He\x89\x01?\x00\x01\xc3\x8a\x00\x80\x01\xa9", 15});
    TEST_ASSERT_EQUAL(1, client.messages);
    TEST_ASSERT_EQUAL_size_t(4, client.message_length);
    TEST_ASSERT_EQUAL_MEMORY("He\xc3\xa9", client.message, 4);
    client.assert_sent(0x8a, "?");
    client.give({"\x81\x00\x82\x01\xff", 5});
    TEST_ASSERT_EQUAL(3, client.messages);
    TEST_ASSERT_FALSE(client.protocol.message_is_text());
  });
}

void protocol_errors_close_with_their_code() {
  struct Case {
    const char* bytes;
    size_t length;
    uint16_t code;
  };
  const Case cases[] = {
      {"\xc1\x00", 2, 1002},                                   // RSV1
      {"\x83\x00", 2, 1002},                                   // reserved opcode
      {"\x8b\x00", 2, 1002},                                   // reserved control opcode
      {"\x81\x80", 2, 1002},                                   // masked
      {"\x09\x00", 2, 1002},                                   // fragmented ping
      {"\x89\x7e", 2, 1002},                                   // long ping
      {"\x80\x00", 2, 1002},                                   // continuation of nothing
      {"\x01\x01x\x81\x00", 5, 1002},                          // new message inside another
      {"\x81\x7e\x00\x7d", 4, 1002},                           // 125 in two bytes
      {"\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff", 10, 1002},  // 65535 in eight bytes
      {"\x81\x7f\x80\x00\x00\x00\x00\x01\x00\x00", 10, 1002},  // highest bit
      {"\x81\x01\x80", 3, 1007},                               // not UTF-8
      {"\x81\x02\xe2\x82", 4, 1007},                           // ends inside a character
      {"\x01\x02\xe2\x82\x80\x01\x28", 7, 1007},               // broken in the second fragment
      {"\x88\x01\x03", 3, 1002},                               // one byte
      {"\x88\x02\x03\xed", 4, 1002},                           // 1005
      {"\x88\x02\x03\xec", 4, 1002},                           // 1004
      {"\x88\x02\x0b\xb7", 4, 1002},                           // 2999
      {"\x88\x03\x03\xe8\xff", 5, 1007},                       // reason is not UTF-8
  };
  for (const Case& c : cases) {
    in_pieces([&](Client& client) {
      client.open();
      client.give({c.bytes, c.length});
      client.assert_failed(c.code);
    });
  }
}

void beginning_of_a_too_long_message_is_kept() {
  static char frame[4 + 5000];
  Client client;
  client.open();
  memcpy(frame, "\x01\x7e\x13\x88", 4);
  memset(frame + 4, 'a', 5000);
  client.piece = sizeof frame;
  client.give({frame, sizeof frame});
  frame[0] = '\0';
  client.give({frame, sizeof frame});
  client.give({frame, sizeof frame});
  client.give({"\x89\x00", 2});
  client.assert_sent(0x8a, "");
  TEST_ASSERT_EQUAL(0, client.messages);
  client.give({"\x80\x02\xc3\xa4", 4});
  TEST_ASSERT_EQUAL(1, client.messages);
  TEST_ASSERT_TRUE(client.protocol.message_is_cut());
  TEST_ASSERT_EQUAL_size_t(WsProtocol::kMaxMessage, client.message_length);
  client.give({"\x81\x01x", 3});
  TEST_ASSERT_FALSE(client.protocol.message_is_cut());
  TEST_ASSERT_EQUAL_size_t(1, client.message_length);
}

void the_longest_message_is_a_setting() {
  Client client;
  client.limits.message = 3;
  client.open();
  client.give(
      {"\x81\x03"
       "abc",
       5});
  TEST_ASSERT_FALSE(client.protocol.message_is_cut());
  client.give(
      {"\x81\x04"
       "abcd",
       6});
  TEST_ASSERT_TRUE(client.protocol.message_is_cut());
  TEST_ASSERT_EQUAL_size_t(3, client.message_length);
}

void skipped_text_must_be_utf8() {
  static char frame[10 + WsProtocol::kMaxMessage + 1];
  Client client;
  client.open();
  memcpy(frame, "\x81\x7f\x00\x00\x00\x01\x00\x00\x00\x00", 10);  // 4 GiB
  memset(frame + 10, 'a', WsProtocol::kMaxMessage);
  frame[10 + WsProtocol::kMaxMessage] = '\xff';
  client.piece = sizeof frame;
  client.give({frame, sizeof frame});
  client.assert_failed(ws_close::kInvalidData);
}

void longest_message_passes_in_both_directions() {
  static char frame[4 + WsProtocol::kMaxMessage];
  Client client;
  client.open();
  memcpy(frame, "\x81\x7e\x20\x00", 4);
  memset(frame + 4, 'a', WsProtocol::kMaxMessage);
  client.piece = sizeof frame;
  client.give({frame, sizeof frame});
  TEST_ASSERT_EQUAL(1, client.messages);
  const Text longest{frame + 4, WsProtocol::kMaxSentMessage};
  TEST_ASSERT_TRUE(client.protocol.send_text(longest));
  TEST_ASSERT_FALSE_MESSAGE(client.protocol.send_text(longest), "the output is full");
  client.assert_sent(0x81, longest);
  TEST_ASSERT_FALSE(client.protocol.send_text({frame, WsProtocol::kMaxSentMessage + 1}));
}

void close_of_the_peer_is_answered() {
  in_pieces([](Client& client) {
    client.open();
    client.give(
        {"\x88\x05\x03\xf4"
         "bye\x81\x01x",
         10});
    client.assert_closed(1012);
    TEST_ASSERT_EQUAL(WsProtocol::Event::closed, client.last);
    TEST_ASSERT_EQUAL_STRING_LEN("bye", client.protocol.close_reason().data, 3);
    client.assert_sent(0x88, {"\x03\xf4", 2});
    TEST_ASSERT_EQUAL(0, client.messages);
  });
  Client empty;
  empty.open();
  empty.give({"\x88\x00", 2});
  empty.assert_closed(ws_close::kNoStatus);
  empty.assert_sent(0x88, "");
}

void own_close_waits_for_the_peer_up_to_a_limit() {
  for (bool answered : {true, false}) {
    Client client;
    client.open();
    client.protocol.close(ws_close::kGoingAway, "restart", client.now);
    client.assert_sent(0x88, {"\x03\xe9restart", 9});
    TEST_ASSERT_FALSE(client.protocol.send_text("x"));
    client.give({"\x81\x01x", 3});
    TEST_ASSERT_EQUAL(0, client.messages);
    if (answered) {
      client.give({"\x88\x02\x03\xe9", 4});
    } else {
      TEST_ASSERT_EQUAL(WsProtocol::Event::closed, client.protocol.poll(client.protocol.deadline()));
    }
    client.assert_closed(ws_close::kGoingAway);
  }
}

void silent_link_is_detected_within_two_ping_intervals() {
  Client client;
  client.open();
  Millis opened = client.now;
  Millis closed = 0;
  unsigned pings = 0;
  for (unsigned turns = 0; closed == 0 && turns < 20; ++turns) {
    client.now = client.protocol.deadline();
    if (client.protocol.poll(client.now) == WsProtocol::Event::closed) {
      closed = client.now;
      continue;
    }
    char payload[200];
    size_t length = 0;
    if (client.sent_frame(payload, length) == 0x89) ++pings;
  }
  TEST_ASSERT_GREATER_THAN(0, pings);
  TEST_ASSERT_LESS_OR_EQUAL_UINT64(2 * WsLimits().ping_interval, closed - opened);
  client.assert_closed(ws_close::kAbnormal);
}

void answered_pings_keep_the_connection() {
  Client client;
  client.open();
  for (unsigned i = 0; i < 50; ++i) {
    client.now = client.protocol.deadline();
    TEST_ASSERT_EQUAL(WsProtocol::Event::none, client.protocol.poll(client.now));
    client.assert_sent(0x89, "");
    client.now += 100;
    client.give({"\x8a\x00", 2});
  }
  TEST_ASSERT_EQUAL(WsProtocol::State::open, client.protocol.state());
}

void flood_of_pings_never_overflows_and_the_last_is_answered() {
  Client client;
  client.open();
  for (char i = 0; i < 100; ++i) {
    char ping[127] = {'\x89', '\x7d', i};
    client.give({ping, sizeof ping});
  }
  char payload[200];
  size_t length = 0;
  char last = -1;
  while (client.sent_frame(payload, length) == 0x8a) last = payload[0];
  TEST_ASSERT_EQUAL(99, last);
  TEST_ASSERT_EQUAL(WsProtocol::State::open, client.protocol.state());
}

void random_bytes_do_not_break_the_client() {
  CountingRng rng;
  for (unsigned run = 0; run < 2000; ++run) {
    Client client;
    client.open();
    char bytes[64];
    for (char& byte : bytes) byte = static_cast<char>(rng.next() >> 24);
    bytes[0] = static_cast<char>(rng.next() % 2 == 0 ? 0x81 : 0x89);
    bytes[1] = static_cast<char>(rng.next() >> 26);
    client.give(Text(bytes, sizeof bytes));
    TEST_ASSERT_NOT_EQUAL(WsProtocol::State::idle, client.protocol.state());
  }
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(accept_key_is_that_of_the_rfc);
  RUN_TEST(sha1_of_every_padding_length);
  RUN_TEST(handshake_opens);
  RUN_TEST(handshake_is_rejected_for_each_error);
  RUN_TEST(handshake_without_answer_times_out);
  RUN_TEST(fragments_join_with_control_frames_between);
  RUN_TEST(protocol_errors_close_with_their_code);
  RUN_TEST(beginning_of_a_too_long_message_is_kept);
  RUN_TEST(the_longest_message_is_a_setting);
  RUN_TEST(skipped_text_must_be_utf8);
  RUN_TEST(longest_message_passes_in_both_directions);
  RUN_TEST(close_of_the_peer_is_answered);
  RUN_TEST(own_close_waits_for_the_peer_up_to_a_limit);
  RUN_TEST(silent_link_is_detected_within_two_ping_intervals);
  RUN_TEST(answered_pings_keep_the_connection);
  RUN_TEST(flood_of_pings_never_overflows_and_the_last_is_answered);
  RUN_TEST(random_bytes_do_not_break_the_client);
  return UNITY_END();
}
