// The answer of a server to the opening handshake.

#include "features/websocket/handshake.h"

#include <string>

#include "fuzz/input.h"
#include "support/fake_rng.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pb;
  using namespace pb::fuzz;
  char line[WsHandshake::kBuffer];
  char request[WsHandshake::kMaxRequest];
  // The fixed seed gives the same Sec-WebSocket-Key each time, so the corpus can contain the matching
  // Sec-WebSocket-Accept.
  FakeRng rng(7);
  WsHandshake handshake(line);
  require(handshake.begin({"h", "/", "ocpp1.6", "Basic eA=="}, rng, request) > 0, "the request fits");
  for (size_t i = 0; i < size; ++i) {
    const WsHandshake::Result result = handshake.feed(data[i]);
    require(handshake.status() <= 999, "a status has three digits");
    if (result == WsHandshake::Result::more) continue;
    const std::string answer(reinterpret_cast<const char*>(data), i + 1);
    if (result == WsHandshake::Result::accepted) {
      require(handshake.status() == 101, "only the status 101 is accepted");
      require(answer.find("ocpp1.6") != std::string::npos, "only the offered subprotocol is accepted");
      require(answer.size() >= 4 && answer.compare(answer.size() - 4, 4, "\r\n\r\n") == 0,
              "an answer ends with an empty line");
    } else {
      require(handshake.reason()[0] != '\0', "a refusal has a reason");
    }
    break;
  }
  return 0;
}
