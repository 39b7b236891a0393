// The frames of a server, after a valid handshake: the same events follow, wherever the bytes are split.

#include <memory>
#include <string>
#include <vector>

#include "core/utf8.h"
#include "features/websocket/protocol.h"
#include "fuzz/input.h"
#include "support/fake_rng.h"

namespace pb::fuzz {
namespace {

constexpr Millis kStep = 700;

struct Peer {
  FakeRng rng{7};
  WsProtocol protocol{rng};
  std::string events;
  std::string sent;

  Peer() {
    WsLimits limits;
    require(protocol.begin({"h", "/", "ocpp1.6", ""}, limits, 0), "the request fits");
    const Bytes request = protocol.output();
    const std::string text(reinterpret_cast<const char*>(request.data), request.length);
    const std::string header = "Sec-WebSocket-Key: ";
    char accept[kWsAcceptLength];
    websocket_accept_key({text.data() + text.find(header) + header.size(), kWsKeyLength}, accept);
    protocol.output_sent(request.length);
    const std::string answer =
        "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: ocpp1.6\r\n"
        "Sec-WebSocket-Accept: " +
        std::string(accept, kWsAcceptLength) + "\r\n\r\n";
    give({reinterpret_cast<const uint8_t*>(answer.data()), answer.size()}, 0);
    require(protocol.state() == WsProtocol::State::open, "a valid handshake opens the connection");
  }

  void give(Bytes bytes, Millis now) {
    while (!bytes.empty()) {
      WsProtocol::Event event = WsProtocol::Event::none;
      const size_t taken = protocol.receive(bytes, now, event);
      require(taken > 0 && taken <= bytes.length, "receive() takes at least one byte, and no more than there are");
      bytes = bytes.after(taken);
      note(event);
      flush();
    }
  }

  void note(WsProtocol::Event event) {
    if (event == WsProtocol::Event::none) return;
    events += std::to_string(static_cast<int>(event));
    if (event == WsProtocol::Event::message) {
      const Bytes message = protocol.message();
      require(message.length <= WsProtocol::kMaxMessage, "a message is no longer than the limit");
      require(!protocol.message_is_text() || protocol.message_is_cut() || is_utf8(message), "a text is UTF-8");
      events.append(reinterpret_cast<const char*>(message.data), message.length);
    }
    if (event == WsProtocol::Event::closed) {
      require(is_utf8(protocol.close_reason().bytes()), "a close reason is UTF-8");
      events += std::to_string(protocol.close_code());
    }
  }

  void flush() {
    const Bytes output = protocol.output();
    sent.append(reinterpret_cast<const char*>(output.data), output.length);
    protocol.output_sent(output.length);
  }

  /// Checks all that was sent since the handshake. Neither pongs nor their order are compared between the two peers:
  /// while the output is full, one pong answers several pings.
  void check_sent() const {
    for (size_t at = 0; at < sent.size();) {
      require(sent.size() - at >= 6, "a sent frame has a header and a mask");
      const auto first = static_cast<uint8_t>(sent[at]);
      const auto second = static_cast<uint8_t>(sent[at + 1]);
      require(first == 0x88 || first == 0x89 || first == 0x8A, "without a message, only control frames are sent");
      require((second & 0x80) != 0, "a frame of a client is masked");
      require((second & 0x7F) <= kMaxControlPayload, "a control frame has at most 125 bytes");
      at += 6u + (second & 0x7Fu);
      require(at <= sent.size(), "a sent frame is complete");
    }
  }
};

}  // namespace
}  // namespace pb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pb;
  using namespace pb::fuzz;
  Input input(data, size);
  const size_t piece = 1u + input.byte();
  const auto whole = std::make_unique<Peer>();
  const auto pieces = std::make_unique<Peer>();
  whole->give(input.rest(), 1);
  for (Bytes left = input.rest(); !left.empty(); left = left.after(piece)) pieces->give(left.first(piece), 1);
  require(whole->events == pieces->events, "events do not depend on how the bytes are split");
  require(whole->protocol.state() == pieces->protocol.state(), "the state does not depend on it either");
  // Without another byte from the peer, every state comes to its end.
  Millis now = 1;
  for (int i = 0; i < 100 && whole->protocol.state() != WsProtocol::State::closed; ++i) {
    now += kStep;
    whole->note(whole->protocol.poll(now));
    whole->flush();
  }
  require(whole->protocol.state() == WsProtocol::State::closed, "a silent peer is left");
  whole->check_sent();
  pieces->check_sent();
  return 0;
}
