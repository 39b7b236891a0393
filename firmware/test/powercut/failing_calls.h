#pragma once

#include "support/fake_tcp.h"
#include "support/ram_flash.h"

namespace pb::powercut {

/// Counts calls, and lets one of them fail.
class FailingCalls {
 public:
  /// Lets the `call`-th call from now fail, counted from 1.
  void fail_at(uint64_t call, Tear effect, uint32_t seed) {
    failing_ = calls_ + call;
    effect_ = effect;
    random_ = seed;
  }
  void fail_none() { failing_ = 0; }
  uint64_t calls() const { return calls_; }

  /// Counts a call. @return whether it fails
  bool begin_call() { return ++calls_ == failing_; }
  /// Whether the connection survives the failed call.
  bool is_short() const { return effect_ == Tear::random; }
  /// The bytes of `length` that the failed call transfers.
  size_t reach(size_t length) const {
    if (effect_ == Tear::none) return 0;
    return effect_ == Tear::half ? length / 2 : random_ % (length + 1);
  }

 private:
  uint64_t calls_ = 0;
  uint64_t failing_ = 0;
  Tear effect_ = Tear::none;
  uint32_t random_ = 0;
};

/// A FakeTcp of which one call fails: with the effect `none` it transfers nothing and the connection is lost; with
/// `half` it transfers the first half before; with `random` it transfers some of the bytes, and the connection stays,
/// as with a full buffer. A connection that is opened then gets no socket, or is refused. Calls that would transfer
/// nothing do not count.
class FailingTcp final : public Tcp {
 public:
  FailingTcp(FakeTcp& tcp, FailingCalls& calls) : tcp_(tcp), calls_(calls) {}

  int open(Text host, uint16_t port, const TcpSecurity& security) override {
    const bool fails = calls_.begin_call();
    if (fails && calls_.reach(1) == 0) return kNoSocket;
    const int socket = tcp_.open(host, port, security);
    if (fails && socket != kNoSocket) tcp_.peer(socket).state = TcpState::closed;
    return socket;
  }
  size_t send(int socket, Bytes bytes) override {
    if (bytes.empty() || tcp_.state(socket) != TcpState::open || !calls_.begin_call()) return tcp_.send(socket, bytes);
    const size_t sent = tcp_.send(socket, bytes.first(calls_.reach(bytes.length)));
    if (!calls_.is_short()) lose(socket);
    return sent;
  }
  size_t receive(int socket, MutableBytes into) override {
    const bool counts = !into.empty() && tcp_.state(socket) == TcpState::open && !tcp_.peer(socket).incoming.empty();
    if (!counts || !calls_.begin_call()) return tcp_.receive(socket, into);
    const size_t waiting = tcp_.peer(socket).incoming.size();
    const size_t received =
        tcp_.receive(socket, into.first(calls_.reach(waiting < into.length ? waiting : into.length)));
    if (!calls_.is_short()) lose(socket);
    return received;
  }
  int accept_next() override {
    if (tcp_.callers == 0) return kNoSocket;
    const int socket = tcp_.accept_next();
    if (calls_.begin_call() && socket != kNoSocket) lose(socket);
    return socket;
  }

  bool listen(uint16_t port) override { return tcp_.listen(port); }
  void stop_listening() override { tcp_.stop_listening(); }
  TcpState state(int socket) override { return tcp_.state(socket); }
  TcpProblem problem(int socket) const override { return tcp_.problem(socket); }
  TcpFailure judge_certificate(int socket, int64_t unix_s) const override {
    return tcp_.judge_certificate(socket, unix_s);
  }
  bool delivered(int socket) override { return tcp_.delivered(socket); }
  void close(int socket) override { tcp_.close(socket); }
  size_t sockets_in_use() const override { return tcp_.sockets_in_use(); }

 private:
  void lose(int socket) {
    tcp_.peer(socket).incoming.clear();
    tcp_.peer(socket).state = TcpState::closed;
  }

  FakeTcp& tcp_;
  FailingCalls& calls_;
};

}  // namespace pb::powercut
