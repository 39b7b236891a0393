#include <unity.h>

#include <string>

#include "features/websocket/handshake.h"
#include "features/websocket/http_date.h"
#include "support/check.h"
#include "support/fake_rng.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

using Result = WsHandshake::Result;

/// The client's side of a handshake after its request is sent.
struct Client {
  FakeRng rng;
  char line[WsHandshake::kBuffer];
  WsHandshake handshake{line};
  std::string accept;  // the header that matches the request

  Client() {
    char request[WsHandshake::kMaxRequest];
    const size_t length = handshake.begin({"csms", "/CP-1", "ocpp1.6", ""}, rng, request);
    const std::string marker = "Sec-WebSocket-Key: ";
    const size_t at = std::string(request, length).find(marker) + marker.size();
    char value[kWsAcceptLength];
    websocket_accept_key({request + at, kWsKeyLength}, value);
    accept = "Sec-WebSocket-Accept: " + std::string(value, kWsAcceptLength) + "\r\n";
  }
  Result give(const std::string& bytes) {
    Result result = Result::more;
    for (size_t i = 0; i < bytes.size() && result == Result::more; ++i) {
      result = handshake.feed(static_cast<uint8_t>(bytes[i]));
    }
    return result;
  }
  /// The usual 101 with other headers before and among its own.
  Result answer(const std::string& before, const std::string& first, const std::string& among) {
    return give(before + "HTTP/1.1 101 Switching Protocols\r\n" + first + "Upgrade: websocket\r\n" + among +
                "Connection: Upgrade\r\n" + accept + "Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n");
  }
};

std::string header(const std::string& name, size_t length) { return name + ": " + std::string(length, 'x') + "\r\n"; }

void unknown_headers_of_any_length_and_number_are_skipped() {
  std::string many;
  for (int i = 0; i < 70; ++i) many += "X-Trace-" + std::to_string(i) + ": 1\r\n";
  const std::string headers[] = {
      header("Set-Cookie", 600),
      many,
      header("Content-Security-Policy", 20'000),
      header("X-Exact", WsHandshake::kMaxLine - 9),  // with its CR the line is one byte longer than the buffer
      header(std::string(600, 'N'), 1),              // the name is too long for the buffer
      "X-Folded: a\r\n  b: c\r\n\td\r\n",
      "X-Empty:\r\nX-Bytes: \xff\xfe\r\n",
  };
  for (const std::string& extra : headers) {
    const char* name = extra.c_str();
    TEST_ASSERT_EQUAL_MESSAGE(Result::accepted, Client().answer("", extra, ""), name);
    TEST_ASSERT_EQUAL_MESSAGE(Result::accepted, Client().answer("", "", extra), name);
  }
}

/// RFC 9110 section 5: names have no case, values may have blanks around them, and a list may be several headers.
void answer_may_have_any_legal_form() {
  const std::string kAnswers[] = {
      "HTTP/1.1 101\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
      "HTTP/1.1 101 \r\nUPGRADE:WebSocket\r\nconnection:upgrade\r\n",
      "HTTP/1.1 101 Ok\r\nUpgrade:\t websocket \t\r\nConnection: keep-alive , Upgrade\r\n",
      "HTTP/1.1 101 Ok\r\nConnection: keep-alive\r\nupgrade: websocket\r\nConnection: Upgrade\r\n",
      "HTTP/1.1 101 Ok\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Extensions: \r\n",
  };
  for (const std::string& answer : kAnswers) {
    Client client;
    TEST_ASSERT_EQUAL_MESSAGE(Result::accepted,
                              client.give(answer + client.accept + "sec-websocket-protocol:ocpp1.6\r\n\r\n"),
                              answer.c_str());
  }
}

void a_long_reason_phrase_is_skipped() {
  Client client;
  TEST_ASSERT_EQUAL(Result::more, client.give("HTTP/1.1 101 " + std::string(2'000, 'x') + "\r\n"));
  TEST_ASSERT_EQUAL_UINT16(101, client.handshake.status());
}

void interim_answers_are_skipped() {
  const std::string interims[] = {
      "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.1 102 Processing\r\nUpgrade: h2c\r\nno colon\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n",
      "HTTP/1.1 199 \r\n" + header("Link", 3'000) + "\r\n",
  };
  for (const std::string& interim : interims) {
    Client client;
    TEST_ASSERT_EQUAL_MESSAGE(Result::accepted, client.answer(interim, "", ""), interim.c_str());
    TEST_ASSERT_EQUAL_UINT16(101, client.handshake.status());
  }
}

void headers_of_an_interim_answer_do_not_count() {
  Client client;
  client.give("HTTP/1.1 103 Early Hints\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + client.accept + "\r\n");
  TEST_ASSERT_EQUAL(Result::refused, client.give("HTTP/1.1 101 OK\r\n\r\n"));
  TEST_ASSERT_EQUAL_STRING("HTTP answer lacks 'Upgrade: websocket'", client.handshake.reason());
}

void a_refusal_after_an_interim_answer_has_its_own_status() {
  Client client;
  TEST_ASSERT_EQUAL(Result::refused, client.give("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n"));
  TEST_ASSERT_EQUAL_UINT16(404, client.handshake.status());
}

void truncated_websocket_headers_are_rejected() {
  struct Case {
    std::string extra;
    const char* reason;
  };
  const Case cases[] = {
      {header("Sec-WebSocket-Extensions", 600), "header of WebSocket in the HTTP answer is too long"},
      {"Connection: " + std::string(600, ' ') + "close\r\n", "header of WebSocket in the HTTP answer is too long"},
      {"Sec-WebSocket-Protocol: ocpp1.6\r\n , ocpp2.0.1\r\n", "folded header of WebSocket in the HTTP answer"},
      {" before any header\r\n", "folded header of WebSocket in the HTTP answer"},
      {"no colon\r\n", "malformed header in the HTTP answer"},
      {"X-Bare: line\n", "line of the HTTP answer does not end with CR LF"},
  };
  for (const Case& c : cases) {
    Client client;
    TEST_ASSERT_EQUAL_MESSAGE(Result::refused, client.answer("", c.extra, ""), c.reason);
    TEST_ASSERT_EQUAL_STRING(c.reason, client.handshake.reason());
  }
}

void a_refusal_names_the_pause_and_the_new_address() {
  Client client;
  TEST_ASSERT_EQUAL(Result::refused, client.give("HTTP/1.1 503 Service Unavailable\r\nno colon\r\nretry-after: 120\r\n"
                                                 "Location:  wss://other/ocpp \r\n\r\n"));
  TEST_ASSERT_EQUAL_STRING("server did not switch to WebSocket", client.handshake.reason());
  TEST_ASSERT_EQUAL_UINT32(120, client.handshake.retry_after_s());
  check_text("wss://other/ocpp", client.handshake.location());
}

void a_pause_until_a_date_counts_from_the_servers_time() {
  const std::string date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
  struct Case {
    std::string headers;
    uint32_t seconds;
  };
  const Case cases[] = {
      {date + "Retry-After: Sun, 06 Nov 1994 08:51:37 GMT\r\n", 120},
      {"Retry-After: Mon, 07 Nov 1994 08:49:37 GMT\r\n" + date, 86'400},
      {date + "Retry-After: Sun, 06 Nov 1994 08:00:00 GMT\r\n", 0},
      {"Retry-After: Mon, 07 Nov 1994 08:49:37 GMT\r\n", 0},
      {date + "Retry-After: soon\r\n", 0},
      {"Retry-After: 99999999999\r\n", UINT32_MAX},
      {"Retry-After: 99999999999999999999999\r\n", UINT32_MAX},
      {date + "Retry-After: Sun Nov  6 08:50:37 1994\r\n", 60},
  };
  for (const Case& c : cases) {
    Client client;
    client.give("HTTP/1.1 429 Too Many Requests\r\n" + c.headers + "\r\n");
    TEST_ASSERT_EQUAL_UINT32_MESSAGE(c.seconds, client.handshake.retry_after_s(), c.headers.c_str());
  }
}

/// A proxy may answer with the older version.
void a_refusal_of_http_1_0_has_a_pause_too() {
  Client client;
  TEST_ASSERT_EQUAL(Result::refused, client.give("HTTP/1.0 503 Busy\r\nRetry-After: 30\r\n\r\n"));
  TEST_ASSERT_EQUAL_UINT32(30, client.handshake.retry_after_s());
  Client other;
  TEST_ASSERT_EQUAL(Result::refused, other.give("HTTP/1.0 101 Switching Protocols\r\n"));
  TEST_ASSERT_EQUAL_STRING("not an HTTP/1.1 answer", other.handshake.reason());
}

void a_long_location_is_cut() {
  Client client;
  client.give("HTTP/1.1 301 Moved Permanently\r\nLocation: ws://" + std::string(800, 'x') + "\r\n\r\n");
  TEST_ASSERT_EQUAL_size_t(WsHandshake::kMaxLocation, client.handshake.location().length);
}

void a_location_with_a_user_is_known_although_it_is_cut() {
  const std::string x(300, 'x');
  const std::pair<std::string, bool> cases[] = {{"wss://user:secret@host/", true},
                                                {"wss://user:" + x + "@host/", true},
                                                {"wss://user:" + x + x + "@host/", true},
                                                {"//user@host", true},
                                                {"user:secret@host//ocpp", true},
                                                {"wss:/user:secret@host/", true},
                                                {"wss:///user@host/", true},
                                                {"wss:\\\\user@host/", true},
                                                {"wss://host/cp@1", false},
                                                {"wss://host?mail=a@b", false},
                                                {"wss://host#a@b", false},
                                                {"/ocpp@2", false},
                                                {"?a@b", false},
                                                {"wss://host/" + x + "@", false},
                                                {"wss://host", false},
                                                {"", false}};
  for (const auto& [location, has_user] : cases) {
    Client client;
    client.give("HTTP/1.1 301 Moved Permanently\r\nLocation: " + location + "\r\n\r\n");
    TEST_ASSERT_EQUAL_MESSAGE(has_user, client.handshake.location_may_have_user(), location.c_str());
  }
}

void dates_of_http_are_parsed() {
  int64_t unix_s = 0;
  TEST_ASSERT_TRUE(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", unix_s));
  TEST_ASSERT_EQUAL_INT64(784'111'777, unix_s);
  TEST_ASSERT_TRUE(parse_http_date("Thu, 29 Feb 2024 00:00:00 GMT", unix_s));
  TEST_ASSERT_EQUAL_INT64(1'709'164'800, unix_s);
  TEST_ASSERT_TRUE(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT", unix_s));
  TEST_ASSERT_EQUAL_INT64(0, unix_s);
  TEST_ASSERT_TRUE(parse_http_date("Thursday, 29-Feb-24 00:00:00 GMT", unix_s));
  TEST_ASSERT_EQUAL_INT64(1'709'164'800, unix_s);
  TEST_ASSERT_TRUE(parse_http_date("Thursday, 01-Jan-70 00:00:00 GMT", unix_s));
  TEST_ASSERT_EQUAL_INT64(0, unix_s);
  TEST_ASSERT_TRUE(parse_http_date("Sun Nov  6 08:49:37 1994", unix_s));
  TEST_ASSERT_EQUAL_INT64(784'111'777, unix_s);
  TEST_ASSERT_TRUE(parse_http_date("Sat Jan  1 00:00:00 0024", unix_s));
  TEST_ASSERT_LESS_THAN_INT64(0, unix_s);
  for (const char* text :
       {"", "Sunday", "Sunday, 06-Nov-94 08:49:37", "Sun Nov x6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:4x:37 GMT", "Sun, 06 Now 1994 08:49:37 GMT"}) {
    TEST_ASSERT_FALSE_MESSAGE(parse_http_date(text, unix_s), text);
  }
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(unknown_headers_of_any_length_and_number_are_skipped);
  RUN_TEST(answer_may_have_any_legal_form);
  RUN_TEST(a_long_reason_phrase_is_skipped);
  RUN_TEST(interim_answers_are_skipped);
  RUN_TEST(headers_of_an_interim_answer_do_not_count);
  RUN_TEST(a_refusal_after_an_interim_answer_has_its_own_status);
  RUN_TEST(truncated_websocket_headers_are_rejected);
  RUN_TEST(a_refusal_names_the_pause_and_the_new_address);
  RUN_TEST(a_pause_until_a_date_counts_from_the_servers_time);
  RUN_TEST(a_refusal_of_http_1_0_has_a_pause_too);
  RUN_TEST(a_long_location_is_cut);
  RUN_TEST(a_location_with_a_user_is_known_although_it_is_cut);
  RUN_TEST(dates_of_http_are_parsed);
  return UNITY_END();
}
