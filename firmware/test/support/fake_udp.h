#pragma once

#include <deque>
#include <string>

#include "port/udp.h"

namespace pb {

/// Datagrams that the test sends, and those of the firmware.
class FakeUdp final : public Udp {
 public:
  bool has_socket = true;
  uint16_t open_port = 0;  ///< 0: closed
  std::deque<std::string> incoming;
  std::deque<std::string> sent;

  bool open(uint16_t port) override {
    if (has_socket) open_port = port;
    return has_socket;
  }
  void close() override { open_port = 0; }
  size_t receive(MutableBytes into, UdpPeer& from) override {
    if (open_port == 0 || incoming.empty()) return 0;
    const std::string datagram = incoming.front();
    incoming.pop_front();
    from = {{192, 168, 4, 2}, 1234};
    return datagram.copy(reinterpret_cast<char*>(into.data), into.length);
  }
  void send(Bytes bytes, const UdpPeer&) override {
    sent.emplace_back(reinterpret_cast<const char*>(bytes.data), bytes.length);
  }
};

}  // namespace pb
