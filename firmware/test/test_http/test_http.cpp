#include <string>

#include "features/http/request_reader.h"
#include "features/http/server.h"
#include "support/check.h"
#include "support/fake_tcp.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

using Result = HttpRequestReader::Result;

Result feed(HttpRequestReader& reader, const std::string& bytes) {
  Result result = Result::more;
  for (const char byte : bytes) {
    TEST_ASSERT_EQUAL(static_cast<int>(Result::more), static_cast<int>(result));
    result = reader.feed(static_cast<uint8_t>(byte));
  }
  return result;
}

void check_rejected(uint16_t status, const std::string& bytes) {
  HttpRequestReader reader;
  Result result = Result::more;
  for (size_t i = 0; i < bytes.size() && result == Result::more; ++i) {
    result = reader.feed(static_cast<uint8_t>(bytes[i]));
  }
  TEST_ASSERT_EQUAL_MESSAGE(static_cast<int>(Result::rejected), static_cast<int>(result), bytes.substr(0, 60).c_str());
  TEST_ASSERT_EQUAL_MESSAGE(status, reader.status(), bytes.substr(0, 60).c_str());
}

// ---- the reader

void a_request_is_read_with_what_the_device_uses() {
  HttpRequestReader reader;
  const Result result = feed(reader,
                             "POST /api/config?x=1 HTTP/1.1\r\nhost: 10.0.0.7\r\nORIGIN: http://10.0.0.7\r\n"
                             "Cookie: a=b; session=0123456789abcdef; c=d\r\nX-CSRF-Token: fedc\r\n"
                             "Content-Type: application/json; charset=utf-8\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
  TEST_ASSERT_EQUAL(static_cast<int>(Result::complete), static_cast<int>(result));
  const HttpRequest& request = reader.request();
  TEST_ASSERT_EQUAL(static_cast<int>(HttpMethod::post), static_cast<int>(request.method));
  check_text("/api/config", request.path.text());
  check_text("10.0.0.7", request.host.text());
  check_text("10.0.0.7", request.origin.text());
  check_text("0123456789abcdef", request.session.text());
  check_text("fedc", request.csrf.text());
  TEST_ASSERT_TRUE(request.is_json);
  check_text("{\"a\":1}", request.body);
}

void an_origin_that_is_no_http_is_no_host() {
  for (const char* origin :
       {"null", "https://10.0.0.7", "http://10.0.0.7.an.address.that.is.longer.than.the.field.com"}) {
    HttpRequestReader reader;
    feed(reader, std::string("GET / HTTP/1.1\r\nHost: 10.0.0.7\r\nOrigin: ") + origin + "\r\n\r\n");
    TEST_ASSERT_TRUE(reader.request().has_origin);
    check_text("", reader.request().origin.text());
  }
}

void a_path_that_no_route_can_have_is_none() {
  HttpRequestReader reader;
  feed(reader, "GET /" + std::string(100, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n");
  check_text("", reader.request().path.text());
}

void a_long_header_that_is_not_used_is_skipped() {
  HttpRequestReader reader;
  const Result result = feed(reader, "GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: " + std::string(2000, 'u') + "\r\n\r\n");
  TEST_ASSERT_EQUAL(static_cast<int>(Result::complete), static_cast<int>(result));
}

void malformed_requests_are_rejected() {
  const std::string host = "Host: h\r\n";
  check_rejected(400, "GET / HTTP/1.1\n");
  check_rejected(400, "GET / HTTP/1.1\rX");
  check_rejected(400, std::string("GET / HTTP/1.1\r\nA: b\0c\r\n", 23));
  check_rejected(400, "GET  / HTTP/1.1\r\n");
  check_rejected(400, "GET / FTP/1.1\r\n");
  check_rejected(400, "G(T / HTTP/1.1\r\n");
  check_rejected(400, "GET http://h/ HTTP/1.1\r\n");
  check_rejected(400, "GET / HTTP/1.1\r\n\r\n");
  check_rejected(400, "GET / HTTP/1.1\r\n" + host + host + "\r\n");
  check_rejected(400, "GET / HTTP/1.1\r\n" + host + "Name : value\r\n");
  check_rejected(400, "GET / HTTP/1.1\r\n" + host + " folded\r\n");
  check_rejected(400, "GET / HTTP/1.1\r\n" + host + "no colon\r\n");
  check_rejected(400, "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n");
  for (const char* length : {"", "-1", "+1", "1,1", "0x1", "99999999999"}) {
    check_rejected(400, std::string("POST / HTTP/1.1\r\nContent-Length: ") + length + "\r\n");
  }
  check_rejected(505, "GET / HTTP/2.0\r\n");
  check_rejected(505, "GET / HTTP/1.1 x\r\n");
  check_rejected(501, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n");
  check_rejected(414, "GET /" + std::string(400, 'a') + " HTTP/1.1\r\n");
  check_rejected(431, "GET / HTTP/1.1\r\nCookie: " + std::string(400, 'a') + "\r\n");
}

void a_head_without_end_is_rejected_at_its_limit() {
  HttpRequestReader reader;
  feed(reader, "GET / HTTP/1.1\r\nX: ");
  size_t count = 19;
  while (reader.feed('a') == Result::more) ++count;
  TEST_ASSERT_EQUAL(HttpRequestReader::kMaxHead, count);
  TEST_ASSERT_EQUAL(431, reader.status());
}

void a_long_body_is_announced_and_not_read() {
  HttpRequestReader reader;
  const Result result = feed(reader, "POST /api/config HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
  TEST_ASSERT_EQUAL(static_cast<int>(Result::complete), static_cast<int>(result));
  TEST_ASSERT_TRUE(reader.request().is_body_too_large);
}

// ---- the server

/// Answers `/` with a number, `/too-long` with a long text, `/later` when the test says so, `/long` with a stream and
/// `/events` with events.
struct Routes final : HttpHandler {
  bool is_ready = false;
  int pieces = 0;
  std::string body;  ///< of a request for /body
  uint8_t place_[100];
  size_t most = SIZE_MAX;  ///< bytes of the body that are wanted
  bool is_writing = false;
  int lost = 0;
  int events = 0;

  void handle(const HttpRequest& request, uint8_t& step, HttpAnswer& answer, Millis) override {
    if (request.path.text() == "/long") return answer.stream("text/plain", 7);
    if (request.path.text() == "/events") return answer.events();
    if (request.path.text() == "/constant") return answer.constant("text/plain", "none", Text("constant").bytes());
    if (request.path.text() == "/body" && step == 0) {
      step = 1;
      return answer.take_body();
    }
    if (request.path.text() == "/later" && !is_ready) {
      step = 3;
      return;
    }
    const std::string text(request.path.text() == "/too-long" ? 10'000 : 0, 'x');
    answer.json(200, [&step, &text](JsonWriter& json) {
      text.empty() ? json.number_unsigned(step) : json.string({text.data(), text.size()});
    });
  }
  bool write_piece(uint8_t number, uint32_t& place, TextWriter& piece) override {
    TEST_ASSERT_EQUAL(7, number);
    ++pieces;
    piece.append_all("piece ", ++place);
    return place < 3;
  }
  bool write_event(const HttpRequest&, TextWriter& event, Millis) override {
    event.append_all("event ", ++events);
    return true;
  }
  bool body_space(MutableBytes& space) override {
    space = is_writing ? MutableBytes() : MutableBytes(place_);
    return body.size() < most;
  }
  void take_body(size_t count) override { body.append(reinterpret_cast<const char*>(place_), count); }
  void lose_body() override { ++lost; }
};

struct Rig {
  FakeTcp tcp;
  Routes routes;
  HttpServer server{tcp, routes};
  Millis now = 1000;

  /// A client connects and sends. @return its socket
  int send(const std::string& bytes) {
    ++tcp.callers;
    run(1);
    tcp.deliver(bytes);
    const int socket = tcp.last;
    run(8);
    return socket;
  }
  int get(const std::string& path) { return send("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n"); }
  void run(int polls) {
    while (polls-- > 0) server.poll(now);
  }
  void run_until(Millis time) {
    while (now < time) {
      const Millis next = server.poll(now);
      now = next > now ? (next < time ? next : time) : now + 1;
    }
    server.poll(now);
  }
  std::string sent(int socket) { return tcp.peer(socket).sent; }
  bool is_closed(int socket) { return !tcp.peer(socket).used; }
};

void an_answer_has_its_length_and_ends_the_connection() {
  Rig rig;
  const int client = rig.get("/");
  check_contains("HTTP/1.1 200 OK\r\n", rig.sent(client));
  check_contains("Connection: close\r\n", rig.sent(client));
  check_contains("Content-Length: 0000001\r\n\r\n0", rig.sent(client));
  TEST_ASSERT_TRUE(rig.is_closed(client));
}

void an_answer_that_does_not_fit_is_an_error() {
  Rig rig;
  const int client = rig.get("/too-long");
  check_contains("HTTP/1.1 500 Internal Server Error\r\n", rig.sent(client));
  check_contains(R"({"error":"too_long","message":"the answer does not fit into the device's buffer"})",
                 rig.sent(client));
  TEST_ASSERT_TRUE(rig.is_closed(client));
}

void head_has_no_body() {
  Rig rig;
  const int client = rig.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string sent = rig.sent(client);
  check_contains("Content-Length: 0000001\r\n", sent);
  TEST_ASSERT_EQUAL_STRING("\r\n\r\n", sent.substr(sent.size() - 4).c_str());
}

void a_stream_comes_in_chunks() {
  Rig rig;
  const int client = rig.get("/long");
  check_contains("\r\n\r\n0007\r\npiece 1\r\n0007\r\npiece 2\r\n0007\r\npiece 3\r\n0\r\n\r\n", rig.sent(client));
  TEST_ASSERT_TRUE(rig.is_closed(client));
}

void a_constant_is_sent_as_the_peer_takes_it() {
  Rig rig;
  ++rig.tcp.callers;
  rig.run(1);
  const int client = rig.tcp.last;
  rig.tcp.peer(client).window = 0;
  rig.tcp.deliver("GET /constant HTTP/1.1\r\nHost: h\r\n\r\n");
  for (int i = 0; i < 1000; ++i) {
    rig.tcp.peer(client).window += 1;
    rig.run(1);
  }
  check_contains("Content-Length: 8\r\n\r\nconstant", rig.sent(client));
  TEST_ASSERT_TRUE(rig.is_closed(client));
}

void an_answer_may_come_later_and_keeps_its_step() {
  Rig rig;
  const int client = rig.get("/later");
  TEST_ASSERT_EQUAL_STRING("", rig.sent(client).c_str());
  const int other = rig.get("/");
  check_contains("200 OK", rig.sent(other));
  rig.routes.is_ready = true;
  rig.run(2);
  check_contains("\r\n\r\n3", rig.sent(client));
}

void an_answer_that_never_comes_is_given_up() {
  Rig rig;
  const int client = rig.get("/later");
  rig.run_until(rig.now + HttpServer::kAnswerLimit + 1);
  check_contains("504 Gateway Timeout", rig.sent(client));
}

void a_slow_request_is_answered_at_its_deadline() {
  Rig rig;
  const int client = rig.send("GET / HT");
  for (int i = 0; i < 10; ++i) {  // a byte now and then does not help
    rig.run_until(rig.now + 450);
    rig.tcp.peer(client).incoming += 'x';
  }
  TEST_ASSERT_FALSE(rig.is_closed(client));
  rig.run_until(rig.now + 600);
  check_contains("408 Request Timeout", rig.sent(client));
  rig.run_until(rig.now + HttpServer::kDrainLimit + 1);
  TEST_ASSERT_TRUE(rig.is_closed(client));
}

void an_idle_connection_is_closed_without_a_word() {
  Rig rig;
  const int client = rig.send("");
  rig.run_until(rig.now + HttpServer::kRequestLimit + 1);
  TEST_ASSERT_TRUE(rig.is_closed(client));
  TEST_ASSERT_EQUAL_STRING("", rig.sent(client).c_str());
}

void a_peer_that_reads_nothing_loses_its_connection() {
  Rig rig;
  ++rig.tcp.callers;
  rig.run(1);
  const int client = rig.tcp.last;
  rig.tcp.peer(client).window = 10;
  rig.tcp.deliver("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  rig.run(2);
  const int other = rig.get("/");
  TEST_ASSERT_EQUAL_STRING("", rig.sent(other).c_str());  // it waits for the buffer
  rig.run_until(rig.now + HttpServer::kSendLimit + 1);
  TEST_ASSERT_TRUE(rig.is_closed(client));
  rig.run_until(rig.now + 10);
  check_contains("200 OK", rig.sent(other));
}

void more_callers_than_places_wait() {
  Rig rig;
  rig.tcp.callers = 6;
  rig.run(2);
  TEST_ASSERT_EQUAL(HttpServer::kConnections, rig.server.connections());
  TEST_ASSERT_EQUAL(2, rig.tcp.callers);
  rig.run_until(rig.now + HttpServer::kRequestLimit + 1);
  TEST_ASSERT_EQUAL(0, rig.tcp.callers);
}

void without_memory_callers_are_turned_away() {
  Rig rig;
  rig.tcp.callers = 3;
  rig.server.poll(rig.now, false);
  TEST_ASSERT_EQUAL(0, rig.tcp.callers);
  TEST_ASSERT_EQUAL(0, rig.server.connections());
}

void events_come_once_a_second_until_the_peer_leaves() {
  Rig rig;
  const int client = rig.get("/events");
  check_contains("Content-Type: text/event-stream\r\n", rig.sent(client));
  check_contains("\r\n\r\ndata: event 1\n\n", rig.sent(client));
  rig.run_until(rig.now + 3 * HttpServer::kEventInterval);
  TEST_ASSERT_EQUAL(4, rig.routes.events);
  rig.tcp.peer(client).state = TcpState::closed;
  rig.run(1);
  TEST_ASSERT_TRUE(rig.is_closed(client));
}

void only_two_may_listen_to_events() {
  Rig rig;
  rig.get("/events");
  rig.get("/events");
  check_contains("503 Service Unavailable", rig.sent(rig.get("/events")));
  check_contains("200 OK", rig.sent(rig.get("/")));
}

void a_listener_that_is_too_slow_is_let_go() {
  Rig rig;
  const int client = rig.get("/events");
  rig.tcp.peer(client).window = 4;
  rig.run_until(rig.now + HttpServer::kEventInterval);
  TEST_ASSERT_TRUE(rig.is_closed(client));
  check_contains("200 OK", rig.sent(rig.get("/")));
}

std::string octets(const std::string& path, size_t length) {
  return "POST " + path +
         " HTTP/1.1\r\nHost: h\r\nContent-Type: application/octet-stream\r\nContent-Length: " + std::to_string(length) +
         "\r\n\r\n";
}

void a_body_of_octets_goes_to_its_handler() {
  Rig rig;
  std::string body;
  for (int i = 0; i < 3000; ++i) body += static_cast<char>(i);
  const int client = rig.send(octets("/body", body.size()) + body.substr(0, 1000));
  TEST_ASSERT_EQUAL_STRING("", rig.sent(client).c_str());
  rig.tcp.deliver(body.substr(1000));
  rig.run(8);
  check_contains("\r\n\r\n1", rig.sent(client));
  TEST_ASSERT_TRUE(body == rig.routes.body);
  TEST_ASSERT_TRUE(rig.is_closed(client));
}

void a_body_waits_for_its_handler_without_a_deadline() {
  Rig rig;
  rig.routes.is_writing = true;
  const int client = rig.send(octets("/body", 500) + std::string(500, 'b'));
  rig.run_until(rig.now + 2 * HttpServer::kBodyLimit);
  check_contains("200 OK", rig.sent(rig.get("/")));  // others are served meanwhile
  rig.routes.is_writing = false;
  rig.run(8);
  check_contains("\r\n\r\n1", rig.sent(client));
}

void a_body_that_stops_is_lost() {
  Rig rig;
  const int client = rig.send(octets("/body", 500) + "begin");
  rig.run_until(rig.now + HttpServer::kBodyLimit + 1);
  check_contains("408 Request Timeout", rig.sent(client));
  TEST_ASSERT_EQUAL(1, rig.routes.lost);
  const int other = rig.send(octets("/body", 500) + "begin");
  rig.tcp.peer(other).state = TcpState::closed;
  rig.run(2);
  TEST_ASSERT_TRUE(rig.is_closed(other));
  TEST_ASSERT_EQUAL(2, rig.routes.lost);
}

/// A browser reads the answer when it has sent the body: the rest is taken for a while.
void a_body_that_is_not_wanted_any_more_is_answered_and_dropped() {
  Rig rig;
  rig.routes.most = 200;
  const int client = rig.send(octets("/body", 5000) + std::string(1000, 'b'));
  check_contains("\r\n\r\n1", rig.sent(client));
  for (int i = 0; i < 4; ++i) {
    rig.run_until(rig.now + HttpServer::kDrainLimit - 1);
    TEST_ASSERT_FALSE(rig.is_closed(client));
    rig.tcp.peer(client).incoming += std::string(1000, 'b');
  }
  rig.run_until(rig.now + HttpServer::kDrainLimit + 2);
  TEST_ASSERT_TRUE(rig.is_closed(client));
}

void a_peer_that_never_ends_is_let_go() {
  Rig rig;
  const int client = rig.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nrest");
  for (Millis end = rig.now + HttpServer::kDrainMost; rig.now < end;) {
    rig.tcp.peer(client).incoming += 'x';
    rig.run_until(rig.now + 500);
  }
  rig.run(1);
  TEST_ASSERT_TRUE(rig.is_closed(client));
}

void the_answer_to_a_rejected_request_outlives_its_unread_rest() {
  Rig rig;
  const int client = rig.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nrest");
  check_contains("501 Not Implemented", rig.sent(client));
  TEST_ASSERT_FALSE(rig.is_closed(client));
  rig.run_until(rig.now + HttpServer::kDrainLimit + 1);
  TEST_ASSERT_TRUE(rig.is_closed(client));
}

void a_megabyte_of_head_takes_no_more_than_its_limit() {
  Rig rig;
  const int client = rig.send("GET / HTTP/1.1\r\nX: " + std::string(1 << 20, 'a'));
  rig.run(2);
  check_contains("431 Request Header Fields Too Large", rig.sent(client));
  rig.run_until(rig.now + HttpServer::kDrainMost + 1);
  TEST_ASSERT_TRUE(rig.is_closed(client));
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(a_request_is_read_with_what_the_device_uses);
  RUN_TEST(an_origin_that_is_no_http_is_no_host);
  RUN_TEST(a_path_that_no_route_can_have_is_none);
  RUN_TEST(a_long_header_that_is_not_used_is_skipped);
  RUN_TEST(malformed_requests_are_rejected);
  RUN_TEST(a_head_without_end_is_rejected_at_its_limit);
  RUN_TEST(a_long_body_is_announced_and_not_read);
  RUN_TEST(an_answer_has_its_length_and_ends_the_connection);
  RUN_TEST(head_has_no_body);
  RUN_TEST(a_stream_comes_in_chunks);
  RUN_TEST(a_constant_is_sent_as_the_peer_takes_it);
  RUN_TEST(an_answer_may_come_later_and_keeps_its_step);
  RUN_TEST(an_answer_that_never_comes_is_given_up);
  RUN_TEST(a_slow_request_is_answered_at_its_deadline);
  RUN_TEST(an_idle_connection_is_closed_without_a_word);
  RUN_TEST(a_peer_that_reads_nothing_loses_its_connection);
  RUN_TEST(more_callers_than_places_wait);
  RUN_TEST(without_memory_callers_are_turned_away);
  RUN_TEST(events_come_once_a_second_until_the_peer_leaves);
  RUN_TEST(only_two_may_listen_to_events);
  RUN_TEST(a_listener_that_is_too_slow_is_let_go);
  RUN_TEST(a_body_of_octets_goes_to_its_handler);
  RUN_TEST(a_body_waits_for_its_handler_without_a_deadline);
  RUN_TEST(a_body_that_stops_is_lost);
  RUN_TEST(a_body_that_is_not_wanted_any_more_is_answered_and_dropped);
  RUN_TEST(a_peer_that_never_ends_is_let_go);
  RUN_TEST(the_answer_to_a_rejected_request_outlives_its_unread_rest);
  RUN_TEST(a_megabyte_of_head_takes_no_more_than_its_limit);
  RUN_TEST(an_answer_that_does_not_fit_is_an_error);
  return UNITY_END();
}
