// Requests to the device's page: the first byte chooses the sizes of the pieces in which they come.

#include <string>

#include "features/http/server.h"
#include "fuzz/input.h"
#include "support/fake_tcp.h"

namespace {

using namespace pb;

/// Streams on /s, listens on /e, takes the body of /b, and answers everything else with the path.
struct Routes final : HttpHandler {
  void handle(const HttpRequest& request, uint8_t& step, HttpAnswer& answer, Millis) override {
    if (step++ < 1) return;
    if (request.path.text() == "/b" && step == 2) return answer.take_body();
    if (request.path.text() == "/s") return answer.stream("text/plain", 0);
    if (request.path.text() == "/e") return answer.events();
    answer.json(200, [&request](JsonWriter& json) { json.string(request.path.text()); });
  }
  bool write_piece(uint8_t, uint32_t& place, TextWriter& piece) override {
    piece.append_all("piece ", place);
    return ++place < 4;
  }
  bool write_event(const HttpRequest&, TextWriter& event, Millis) override {
    event.append("{}");
    return true;
  }
  bool body_space(MutableBytes& space) override {
    space = is_writing_ ? MutableBytes() : MutableBytes(piece_);
    is_writing_ = false;
    return taken_ < 200;
  }
  void take_body(size_t count) override {
    pb::fuzz::require(count <= sizeof piece_, "a piece fits into its place");
    taken_ += count;
    is_writing_ = true;
  }
  void lose_body() override {}

 private:
  size_t taken_ = 0;
  bool is_writing_ = false;
  uint8_t piece_[32];
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pb::fuzz;
  Input input(data, size);
  const size_t piece = 1 + input.byte();
  FakeTcp tcp;
  Routes routes;
  HttpServer server(tcp, routes);
  tcp.callers = 1;
  Millis now = 1;
  server.poll(now);
  const int client = tcp.last;
  tcp.peer(client).window = 1 + piece * 8;
  while (!input.empty()) {
    const Bytes bytes = input.take(piece);
    tcp.peer(client).incoming.append(reinterpret_cast<const char*>(bytes.data), bytes.length);
    server.poll(now++);
    tcp.peer(client).window += piece;
  }
  const std::string sent = tcp.peer(client).sent;
  require(sent.empty() || sent.compare(0, 9, std::string("HTTP/1.1 ").substr(0, sent.size())) == 0,
          "an answer begins with a status line");
  // After any input: each state has a deadline, so the place is free again, unless its client listens to events.
  const Millis end = now + 4 * HttpServer::kAnswerLimit;
  while (now < end) {
    const Millis next = server.poll(now);
    now = next > now ? (next < end ? next : end) : now + 1;
  }
  server.poll(now);
  const bool listens = tcp.peer(client).sent.find("text/event-stream") != std::string::npos;
  require(server.connections() == 0 || listens, "a connection ends");
  return 0;
}
