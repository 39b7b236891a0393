#pragma once

#include <string>

#include "port/tcp.h"

namespace pb {

/// Up to kSockets connections whose peers the test controls.
class FakeTcp final : public Tcp {
 public:
  static constexpr int kSockets = 10;

  struct Peer {
    bool used = false;
    TcpState state = TcpState::closed;
    std::string host;
    uint16_t port = 0;
    TcpSecurity security;
    TcpProblem problem;
    TcpFailure judgement = TcpFailure::none;  ///< the result of judge_certificate()
    std::string sent;                         ///< sent by the firmware; the test removes it
    std::string incoming;                     ///< to be received by the firmware
    size_t window = 1 << 20;                  ///< bytes that send() still accepts
    bool acknowledges = true;                 ///< whether sent bytes count as delivered
  };

  /// The number of opened connections, the last opened socket, and the last socket of a connection of either direction.
  int opens = 0;
  int last_opened = kNoSocket;
  int last = kNoSocket;
  /// Makes open() fail for lack of sockets.
  bool exhausted = false;
  /// Whether listen() succeeds; its port, 0 for none; and connections from outside that wait for accept_next().
  bool has_listener = false;
  uint16_t listening_port = 0;
  int callers = 0;

  Peer& peer(int socket) { return socket == kNoSocket ? nobody_ : peers_[socket]; }
  Peer& peer() { return peer(last); }
  void accept() { peer().state = TcpState::open; }
  void reset() { peer().state = TcpState::closed; }
  /// Ends the connection before it is open.
  void fail(TcpProblem problem) {
    peer().problem = problem;
    reset();
  }
  std::string take_sent() {
    std::string result;
    result.swap(peer().sent);
    return result;
  }
  void deliver(const std::string& bytes) { peer().incoming += bytes; }

  int open(Text host, uint16_t port, const TcpSecurity& security) override {
    const int socket = exhausted ? kNoSocket : take_socket();
    if (socket == kNoSocket) return kNoSocket;
    peers_[socket].state = TcpState::connecting;
    peers_[socket].host.assign(host.data, host.length);
    peers_[socket].port = port;
    peers_[socket].security = security;
    ++opens;
    return last = last_opened = socket;
  }
  bool listen(uint16_t port) override {
    if (!has_listener) return false;
    listening_port = port;
    return true;
  }
  void stop_listening() override { listening_port = 0; }
  int accept_next() override {
    if (callers == 0) return kNoSocket;
    const int socket = take_socket();
    if (socket == kNoSocket) return kNoSocket;
    --callers;
    peers_[socket].state = TcpState::open;
    return last = socket;
  }
  TcpState state(int socket) override {
    if (!valid(socket)) return TcpState::closed;
    // Bytes that came before the end can still be read.
    return peers_[socket].state == TcpState::closed && !peers_[socket].incoming.empty() ? TcpState::open
                                                                                        : peers_[socket].state;
  }
  TcpProblem problem(int socket) const override { return valid(socket) ? peers_[socket].problem : TcpProblem{}; }
  TcpFailure judge_certificate(int socket, int64_t) const override {
    return valid(socket) ? peers_[socket].judgement : TcpFailure::none;
  }
  size_t send(int socket, Bytes bytes) override {
    if (!valid(socket) || peers_[socket].state == TcpState::connecting || peers_[socket].state == TcpState::securing)
      return 0;
    Peer& to = peers_[socket];
    if (to.state == TcpState::closed) return bytes.length;
    const Bytes taken = bytes.first(to.window);
    to.window -= taken.length;
    to.sent.append(reinterpret_cast<const char*>(taken.data), taken.length);
    return taken.length;
  }
  size_t receive(int socket, MutableBytes into) override {
    if (!valid(socket)) return 0;
    std::string& incoming = peers_[socket].incoming;
    const size_t count = incoming.copy(reinterpret_cast<char*>(into.data), into.length);
    incoming.erase(0, count);
    return count;
  }
  bool delivered(int socket) override { return !valid(socket) || peers_[socket].acknowledges; }
  void close(int socket) override {
    if (valid(socket)) peers_[socket].used = false;
  }
  size_t sockets_in_use() const override {
    size_t count = 0;
    for (const Peer& each : peers_) count += each.used ? 1 : 0;
    return count;
  }

 private:
  int take_socket() {
    for (int i = 0; i < kSockets; ++i) {
      if (peers_[i].used) continue;
      peers_[i] = Peer{};
      peers_[i].used = true;
      return i;
    }
    return kNoSocket;
  }
  bool valid(int socket) const { return socket >= 0 && socket < kSockets && peers_[socket].used; }

  Peer peers_[kSockets];
  Peer nobody_;  ///< for a test that acts before there is a connection
};

}  // namespace pb
