#pragma once

#include <string>
#include <vector>

#include "features/websocket/handshake.h"
#include "support/fake_tcp.h"

namespace pb {

/// The server's end of a WebSocket on a FakeTcp. It decodes the frames of the firmware, and writes unmasked frames.
class WsPeer {
 public:
  explicit WsPeer(FakeTcp& tcp) : tcp_(tcp) {}

  /// Completes the pending connection attempt.
  void accept_tcp() { peer().state = TcpState::open; }
  /// Answers the firmware's handshake. @return its request line.
  std::string accept_handshake(const std::string& status = "101 Switching Protocols") {
    const std::string request = take_sent();
    const std::string marker = "Sec-WebSocket-Key: ";
    const size_t at = request.find(marker);
    char accept[kWsAcceptLength] = {};
    if (at != std::string::npos) websocket_accept_key({request.data() + at + marker.size(), kWsKeyLength}, accept);
    peer().incoming += "HTTP/1.1 " + status +
                       "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
                       std::string(accept, kWsAcceptLength) + "\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n";
    return request.substr(0, request.find("\r\n"));
  }
  /// Sends a text message of at most 65,535 bytes.
  void send(const std::string& text) { peer().incoming += frame(0x81, text); }
  void send_close(const std::string& payload) { peer().incoming += frame(0x88, payload); }
  void send_pong() { peer().incoming += frame(0x8a, ""); }

  struct Frame {
    uint8_t opcode;
    std::string payload;
  };
  /// Returns the complete frames sent since the last call, unmasked.
  std::vector<Frame> take_frames() {
    std::vector<Frame> frames;
    const std::string bytes = take_sent();
    size_t at = 0;
    while (at + 6 <= bytes.size()) {
      const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[at + i]); };
      size_t length = byte(1) & 0x7fu;
      size_t header = 2;
      if (length == 126) {
        length = static_cast<size_t>(byte(2)) << 8 | byte(3);
        header = 4;
      }
      if (at + header + 4 + length > bytes.size()) break;
      Frame frame{static_cast<uint8_t>(byte(0) & 0x0f), ""};
      for (size_t i = 0; i < length; ++i) {
        frame.payload += static_cast<char>(byte(header + 4 + i) ^ byte(header + i % 4));
      }
      frames.push_back(frame);
      at += header + 4 + length;
    }
    peer().sent = bytes.substr(at);
    return frames;
  }
  /// Returns the text messages among the frames sent since the last call.
  std::vector<std::string> take_messages() {
    std::vector<std::string> messages;
    for (const Frame& frame : take_frames()) {
      if (frame.opcode == 1) messages.push_back(frame.payload);
    }
    return messages;
  }

 private:
  FakeTcp::Peer& peer() { return tcp_.peer(tcp_.last_opened); }
  std::string take_sent() {
    std::string sent;
    sent.swap(peer().sent);
    return sent;
  }
  static std::string frame(unsigned char first, const std::string& payload) {
    std::string bytes(1, static_cast<char>(first));
    if (payload.size() < 126) {
      bytes += static_cast<char>(payload.size());
    } else {
      bytes += '\x7e';
      bytes += static_cast<char>(payload.size() >> 8);
      bytes += static_cast<char>(payload.size() & 0xff);
    }
    return bytes + payload;
  }

  FakeTcp& tcp_;
};

}  // namespace pb
