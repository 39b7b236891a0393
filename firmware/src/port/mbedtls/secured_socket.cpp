#include "port/mbedtls/secured_socket.h"

#include <new>

namespace pb::mbedtls {

void SecuredSocket::begin(const TcpSecurity& security) {
  state_ = TcpState::connecting;
  security_ = security;
}

void SecuredSocket::connected(Text host, const TlsParts& parts) {
  if (!security_.tls) {
    state_ = TcpState::open;
    return;
  }
  void* memory = parts.memory.allocate_zeroed(sizeof(TlsSession));
  if (memory == nullptr) return end({TcpFailure::no_memory, 0, sizeof(TlsSession), parts.memory.largest_block()});
  tls_ = new (memory) TlsSession(parts.memory, parts.rng);
  state_ = TcpState::securing;
  deadline_ = parts.clock.now() + Tcp::kHandshakeLimitMs;
  if (!tls_->begin(host, security_, parts.secrets, *this)) return end(tls_->problem());
  step(parts);
}

void SecuredSocket::step(const TlsParts& parts, bool has_link) {
  if (parts.clock.now() >= deadline_) return end({TcpFailure::timeout});
  if (!has_link) return;
  switch (tls_->step()) {
    case TlsSession::State::handshaking:
      return;
    case TlsSession::State::open:
      state_ = TcpState::open;
      return;
    case TlsSession::State::ended:
      end(tls_->problem());
      return;
  }
}

size_t SecuredSocket::send(Bytes bytes) {
  if (tls_ != nullptr) return tls_->send(bytes);
  const int sent = send_bytes(bytes);
  // The connection has ended, but there are still bytes to read: drop the bytes to send, and let receive() detect the
  // end.
  if (sent == kReset) return bytes.length;
  return sent > 0 ? static_cast<size_t>(sent) : 0;
}

size_t SecuredSocket::receive(MutableBytes into) {
  if (tls_ != nullptr) {
    const size_t received = tls_->receive(into);
    if (tls_->state() == TlsSession::State::ended) end(tls_->problem());
    return received;
  }
  const int received = receive_bytes(into);
  if (received > 0) return static_cast<size_t>(received);
  if (received != kLater) end();
  return 0;
}

void SecuredSocket::end(TcpProblem problem) {
  hang_up();
  state_ = TcpState::closed;
  problem_ = problem;
}

void SecuredSocket::send_close_notify() {
  if (tls_ != nullptr) tls_->close();
}

void SecuredSocket::free(TlsMemory& memory) {
  if (tls_ == nullptr) return;
  tls_->~TlsSession();
  memory.release(tls_);
  tls_ = nullptr;
}

}  // namespace pb::mbedtls
