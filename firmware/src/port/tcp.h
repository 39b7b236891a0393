#pragma once

#include "core/span.h"
#include "core/text.h"

namespace pb {

enum class TcpState : uint8_t {
  connecting,
  securing,  ///< TCP has the connection, the TLS handshake is under way
  open,
  closed,
};

/// The known time at which a certificate is judged.
struct CertificateTime {
  int64_t unix_s = 0;
  /// False: the real time is this or later. A certificate that had expired at this time is rejected. A certificate that
  /// becomes valid only after this time is accepted, because it may be valid by now.
  bool is_exact = false;
};

/// How a connection is protected. Roots, CRL and our own certificate come out of the Secrets.
struct TcpSecurity {
  bool tls = false;
  bool client_certificate = false;
  CertificateTime time;
};

/// Why a connection has ended; `none` if the port knows no particular cause.
enum class TcpFailure : uint8_t {
  none,
  unreachable,
  no_memory,
  timeout,
  no_root,
  unusable_root,
  unusable_crl,
  no_client_certificate,
  unusable_client_certificate,
  certificate_expired,
  certificate_not_yet_valid,
  certificate_wrong_name,
  certificate_unknown_root,
  certificate_revoked,
  certificate_bad,
  rejected_by_peer,
  closed_by_peer,
  protocol,
};

struct TcpProblem {
  TcpFailure failure = TcpFailure::none;
  /// TLS alert of `rejected_by_peer` (RFC 5246 section 7.2), else the library's error; 0: none.
  int32_t code = 0;
  /// For `no_memory`: the requested block and the largest free block, in bytes.
  size_t needed = 0;
  size_t largest = 0;
};

/// Returns the failure in words for people; TcpProblem has the numbers.
constexpr const char* text_of(TcpFailure failure) {
  switch (failure) {
    case TcpFailure::none:
      return "no problem";
    case TcpFailure::unreachable:
      return "connection refused or host unreachable";
    case TcpFailure::no_memory:
      return "TLS: not enough memory in one block";
    case TcpFailure::timeout:
      return "TLS: the handshake took too long";
    case TcpFailure::no_root:
      return "TLS: no root certificate is installed";
    case TcpFailure::unusable_root:
      return "TLS: the root certificate that is installed cannot be read";
    case TcpFailure::unusable_crl:
      return "TLS: the CRL that is installed cannot be read";
    case TcpFailure::no_client_certificate:
      return "TLS: security profile 3 needs a client certificate and its key, which are not installed";
    case TcpFailure::unusable_client_certificate:
      return "TLS: the client certificate or its key cannot be read";
    case TcpFailure::certificate_expired:
      return "TLS: the certificate of the CSMS has expired";
    case TcpFailure::certificate_not_yet_valid:
      return "TLS: the certificate of the CSMS is not valid yet";
    case TcpFailure::certificate_wrong_name:
      return "TLS: the certificate of the CSMS is for another host";
    case TcpFailure::certificate_unknown_root:
      return "TLS: the certificate of the CSMS is not signed by a root that is installed";
    case TcpFailure::certificate_revoked:
      return "TLS: the certificate of the CSMS is revoked";
    case TcpFailure::certificate_bad:
      return "TLS: the certificate of the CSMS is not acceptable";
    case TcpFailure::rejected_by_peer:
      return "TLS: the CSMS rejected the handshake";
    case TcpFailure::closed_by_peer:
      return "TLS: the CSMS closed the connection during the handshake";
    case TcpFailure::protocol:
      return "TLS: the handshake failed";
  }
  return "unknown";
}

/// Returns the name that the status shows, for programs.
constexpr const char* name_of(TcpFailure failure) {
  constexpr const char* kNames[] = {"none",
                                    "unreachable",
                                    "no_memory",
                                    "timeout",
                                    "no_root",
                                    "unusable_root",
                                    "unusable_crl",
                                    "no_client_certificate",
                                    "unusable_client_certificate",
                                    "certificate_expired",
                                    "certificate_not_yet_valid",
                                    "certificate_wrong_name",
                                    "certificate_unknown_root",
                                    "certificate_revoked",
                                    "certificate_bad",
                                    "rejected_by_peer",
                                    "closed_by_peer",
                                    "protocol"};
  return kNames[static_cast<size_t>(failure)];
}

/// TCP, and TLS on it, without blocking: names are resolved and connections made by a worker, and the TLS handshake
/// goes on a step at a time, in state().
class Tcp {
 public:
  static constexpr int kNoSocket = -1;
  /// How long a TLS handshake may take. After this time the connection is closed with TcpFailure::timeout.
  static constexpr uint32_t kHandshakeLimitMs = 30'000;

  /// Starts to connect. `host` must be the name in the certificate, where there is TLS. @return a socket, or kNoSocket
  /// when all sockets or their memory are in use.
  virtual int open(Text host, uint16_t port, const TcpSecurity& security) = 0;
  /// `closed` means: refused, reset, no route, TLS has failed, or the peer has ended the connection and everything is
  /// read. Each change wakes the loop.
  virtual TcpState state(int socket) = 0;
  /// Why a socket is closed, until close().
  virtual TcpProblem problem(int socket) const = 0;
  /// Validates the peer's certificates again, at a better known time. @return `none`, certificate_expired or
  /// certificate_not_yet_valid; `none` without TLS.
  virtual TcpFailure judge_certificate(int socket, int64_t unix_s) const = 0;
  /// @return the number of bytes taken. 0 means later: the next call must begin with the same bytes. A connection that
  /// has ended takes and drops all bytes; receive() detects the end, after the last bytes of the peer.
  virtual size_t send(int socket, Bytes bytes) = 0;
  /// @return bytes put into `into`, 0 when there are none now.
  virtual size_t receive(int socket, MutableBytes into) = 0;
  /// Whether the peer has acknowledged all that send() has taken; true for a connection that has ended. The loop is not
  /// woken when this becomes true.
  virtual bool delivered(int socket) = 0;
  /// Releases the socket. Never fails; kNoSocket is allowed.
  virtual void close(int socket) = 0;

  /// Takes connections from outside at `port` from now on. @return false where the platform has no room for that
  virtual bool listen(uint16_t port) = 0;
  /// Takes no more connections. Those that accept_next() has returned stay.
  virtual void stop_listening() = 0;
  /// @return the socket of the next connection from outside, already open and without TLS, or kNoSocket. A new
  /// connection wakes the loop only if the last call has found none. So a caller whose last place is taken is not
  /// woken.
  virtual int accept_next() = 0;

  /// Sockets between open (or accept_next) and close now, for the telemetry.
  virtual size_t sockets_in_use() const = 0;

 protected:
  ~Tcp() = default;
};

}  // namespace pb
