#pragma once

#include "port/clock.h"
#include "port/mbedtls/tls_session.h"

namespace pb::mbedtls {

/// The parts that the TLS sessions of a platform's Tcp use.
struct TlsParts {
  const Clock& clock;
  TlsMemory& memory;
  Secrets& secrets;
  Rng& rng;
};

/// A socket of a platform's Tcp above its wire: its state, the handshake where it has TLS, and the bytes. The platform
/// provides the wire, and calls connected() when TCP is connected.
class SecuredSocket : public TlsWire {
 public:
  TcpState state() const { return state_; }
  const TcpProblem& problem() const { return problem_; }
  /// As Tcp::judge_certificate.
  TcpFailure judge(int64_t unix_s) const { return tls_ != nullptr ? tls_->judge(unix_s) : TcpFailure::none; }
  /// Whether the wire has taken all bytes that send() took.
  bool is_flushed() const { return tls_ == nullptr || tls_->is_flushed(); }
  /// Whether TLS waits until the wire takes bytes.
  bool wants_output() const { return tls_ != nullptr && tls_->wants_output(); }
  /// When step() has to be called next if nothing happens on the wire: 0 means at once; kNever outside of a handshake.
  Millis next_step() const {
    if (state_ != TcpState::securing) return kNever;
    return tls_->is_computing() ? 0 : deadline_;
  }

  /// Called when the look-up of the name or the connection of TCP begins.
  void begin(const TcpSecurity& security);
  /// Called when TCP is connected to `host`. With TLS the handshake begins; without TLS the socket is open.
  void connected(Text host, const TlsParts& parts);
  /// Continues a handshake as far as possible without waiting. Without a link only the timeout of the handshake runs.
  void step(const TlsParts& parts, bool has_link = true);
  /// As Tcp::send and Tcp::receive, while open.
  size_t send(Bytes bytes);
  size_t receive(MutableBytes into);
  /// Closes the wire. problem() is kept until free().
  void end(TcpProblem problem = {});
  /// Sends a close_notify to the peer if that is possible without waiting. Call it before end().
  void send_close_notify();
  /// Releases the memory of TLS.
  void free(TlsMemory& memory);

 protected:
  ~SecuredSocket() = default;
  /// Closes the platform's end of the connection, if there is one.
  virtual void hang_up() = 0;

 private:
  TcpState state_ = TcpState::closed;
  TcpSecurity security_;
  TlsSession* tls_ = nullptr;
  Millis deadline_ = kNever;
  TcpProblem problem_;
};

}  // namespace pb::mbedtls
