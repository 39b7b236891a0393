#pragma once

#include <mbedtls/ssl.h>
#include <mbedtls/x509_crl.h>
#include <mbedtls/x509_crt.h>

#include "core/span.h"
#include "core/text.h"
#include "port/mbedtls/tls_memory.h"
#include "port/rng.h"
#include "port/secrets.h"
#include "port/tcp.h"

namespace pb::mbedtls {

/// The TCP connection below a session.
class TlsWire {
 public:
  static constexpr int kLater = -1;
  static constexpr int kReset = -2;

  /// @return bytes taken, kLater or kReset.
  virtual int send_bytes(Bytes bytes) = 0;
  /// @return bytes received, 0 at the end of the stream, kLater or kReset.
  virtual int receive_bytes(MutableBytes into) = 0;

 protected:
  ~TlsWire() = default;
};

/// A client's TLS 1.2 on one TCP connection, by mbed TLS 3.6, without blocking. The same code runs on the host and on
/// the chip; https://mbed-tls.readthedocs.io/projects/api/en/v3.6.0/ describes the functions that it calls.
class TlsSession {
 public:
  enum class State : uint8_t { handshaking, open, ended };

  /// @param memory the heap of mbed TLS, which also holds this session
  TlsSession(TlsMemory& memory, Rng& rng);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  /// Prepares the handshake. @return false, with problem(), when it cannot even begin.
  bool begin(Text host, const TcpSecurity& security, Secrets& secrets, TlsWire& wire);
  /// Continues the handshake as far as possible without waiting.
  State step();

  /// As Tcp::send, while open.
  size_t send(Bytes bytes);
  /// As Tcp::receive, while open. Also detects the end of the connection.
  size_t receive(MutableBytes into);
  /// Sends close_notify, as far as possible without waiting.
  void close();

  State state() const { return state_; }
  const TcpProblem& problem() const { return problem_; }
  /// Whether the session waits for the wire to take bytes, rather than for bytes from it.
  bool wants_output() const { return wants_output_; }
  /// Whether a computation is unfinished: the next call continues it, without any event.
  bool is_computing() const { return is_computing_; }
  /// Whether the wire has taken all bytes that send() took.
  bool is_flushed() const { return unsent_ == 0; }
  /// As Tcp::judge_certificate.
  TcpFailure judge(int64_t unix_s) const;

 private:
  bool load_chain(Secrets& secrets, Text key, mbedtls_x509_crt& chain, TcpFailure missing, TcpFailure unusable);
  bool load_crl(Secrets& secrets);
  bool load_key(Secrets& secrets);
  bool fail(TcpFailure failure, int code = 0);
  void end(int code);
  TcpFailure verdict() const;
  /// Whether `code` means that the session has to wait, and has not failed.
  bool is_waiting(int code);
  int verify(const mbedtls_x509_crt& certificate, uint32_t& flags);

  TlsMemory& memory_;
  Rng& rng_;
  TlsWire* wire_ = nullptr;
  mbedtls_ssl_context ssl_;
  mbedtls_ssl_config config_;
  mbedtls_x509_crt roots_;
  mbedtls_x509_crl crl_;
  mbedtls_x509_crt chain_;
  mbedtls_pk_context key_;
  CertificateTime time_;
  int64_t valid_from_ = 0;
  int64_t valid_to_ = INT64_MAX;
  State state_ = State::handshaking;
  TcpProblem problem_;
  bool wants_output_ = false;
  bool is_computing_ = false;
  size_t failed_ = 0;  ///< size of the last allocation that failed in an earlier step of the handshake
  size_t unsent_ = 0;  ///< bytes of a record that the wire has not taken whole
};

}  // namespace pb::mbedtls
