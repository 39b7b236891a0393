// The number of an alert is in a member that mbed TLS has no function for.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include "port/mbedtls/tls_session.h"

#include <mbedtls/ecp.h>
#include <mbedtls/net_sockets.h>
#include <string.h>

namespace pb::mbedtls {

namespace {

/// How much of a computation with elliptic curves one step does, in the library's own unit. A signature on P-256 takes
/// several hundred such steps on the host, and a step takes some milliseconds on the chip.
constexpr unsigned kOperationsPerStep = 500;

constexpr uint8_t kFirstAlertOfCertificates = 42;  // bad_certificate
constexpr uint8_t kLastAlertOfCertificates = 49;   // access_denied

int64_t unix_seconds(const mbedtls_x509_time& time) {
  // Days from 1970-01-01, by years that begin in March (as in core/calendar.cpp).
  const int64_t year = time.mon <= 2 ? time.year - 1 : time.year;
  const int64_t era = year / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * ((time.mon + 9) % 12) + 2) / 5 + time.day - 1;
  const int64_t days = era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
  return ((days * 24 + time.hour) * 60 + time.min) * 60 + time.sec;
}

int random_bytes(void* rng, unsigned char* into, size_t length) {
  for (size_t i = 0; i < length; i += sizeof(uint32_t)) {
    const uint32_t word = static_cast<Rng*>(rng)->next();
    memcpy(into + i, &word, length - i < sizeof word ? length - i : sizeof word);
  }
  return 0;
}

/// A blob on the heap, followed by a NUL, which the library requires for PEM. It is cleared when it is released.
class Blob {
 public:
  Blob(TlsMemory& memory, Secrets& secrets, Text key) : memory_(memory) {
    bytes_ = static_cast<uint8_t*>(memory.allocate_zeroed(Secrets::kMaxBlob + 1));
    if (bytes_ != nullptr) result_ = secrets.read(key, {bytes_, Secrets::kMaxBlob}, length_);
  }
  ~Blob() {
    if (bytes_ == nullptr) return;
    mbedtls_platform_zeroize(bytes_, Secrets::kMaxBlob);
    memory_.release(bytes_);
  }
  Blob(const Blob&) = delete;
  Blob& operator=(const Blob&) = delete;

  bool has_memory() const { return bytes_ != nullptr; }
  bool is_there() const { return result_ == SecretsResult::ok && length_ > 0; }
  const uint8_t* data() const { return bytes_; }
  /// Includes the NUL if the blob is PEM.
  size_t length() const {
    constexpr Text kPem = "-----BEGIN";
    const bool is_pem = length_ > kPem.length && memcmp(bytes_, kPem.data, kPem.length) == 0;
    return is_pem ? length_ + 1 : length_;
  }

 private:
  TlsMemory& memory_;
  uint8_t* bytes_ = nullptr;
  size_t length_ = 0;
  SecretsResult result_ = SecretsResult::failed;
};

}  // namespace

TlsSession::TlsSession(TlsMemory& memory, Rng& rng) : memory_(memory), rng_(rng) {
  mbedtls_ssl_init(&ssl_);
  mbedtls_ssl_config_init(&config_);
  mbedtls_x509_crt_init(&roots_);
  mbedtls_x509_crl_init(&crl_);
  mbedtls_x509_crt_init(&chain_);
  mbedtls_pk_init(&key_);
}

TlsSession::~TlsSession() {
  mbedtls_ssl_free(&ssl_);
  mbedtls_ssl_config_free(&config_);
  mbedtls_x509_crt_free(&roots_);
  mbedtls_x509_crl_free(&crl_);
  mbedtls_x509_crt_free(&chain_);
  mbedtls_pk_free(&key_);
}

bool TlsSession::begin(Text host, const TcpSecurity& security, Secrets& secrets, TlsWire& wire) {
  wire_ = &wire;
  time_ = security.time;
  TlsMemory::take_failed();
  if (!load_chain(secrets, secret::kRoot, roots_, TcpFailure::no_root, TcpFailure::unusable_root)) return false;
  if (!load_crl(secrets)) return false;
  if (security.client_certificate) {
    constexpr TcpFailure kUnusable = TcpFailure::unusable_client_certificate;
    if (!load_chain(secrets, secret::kClientChain, chain_, TcpFailure::no_client_certificate, kUnusable)) return false;
    if (!load_key(secrets)) return false;
    if (const int code = mbedtls_ssl_conf_own_cert(&config_, &chain_, &key_); code != 0) return fail(kUnusable, code);
  }
  int code = mbedtls_ssl_config_defaults(&config_, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                         MBEDTLS_SSL_PRESET_DEFAULT);
  if (code != 0) return fail(TcpFailure::protocol, code);
  mbedtls_ssl_conf_min_tls_version(&config_, MBEDTLS_SSL_VERSION_TLS1_2);
  mbedtls_ssl_conf_max_tls_version(&config_, MBEDTLS_SSL_VERSION_TLS1_2);
  mbedtls_ssl_conf_authmode(&config_, MBEDTLS_SSL_VERIFY_REQUIRED);
  mbedtls_ssl_conf_ca_chain(&config_, &roots_, &crl_);
  mbedtls_ssl_conf_rng(&config_, &random_bytes, &rng_);
  mbedtls_ssl_conf_verify(
      &config_,
      [](void* session, mbedtls_x509_crt* certificate, int, uint32_t* flags) {
        return static_cast<TlsSession*>(session)->verify(*certificate, *flags);
      },
      this);
  mbedtls_ecp_set_max_ops(kOperationsPerStep);
  char name[256];
  if (host.length >= sizeof name) return fail(TcpFailure::certificate_wrong_name);
  memcpy(name, host.data, host.length);
  name[host.length] = '\0';
  code = mbedtls_ssl_setup(&ssl_, &config_);
  if (code == 0) code = mbedtls_ssl_set_hostname(&ssl_, name);
  if (code != 0) return fail(TcpFailure::protocol, code);
  mbedtls_ssl_set_bio(
      &ssl_, this,
      [](void* session, const unsigned char* bytes, size_t length) {
        const int sent = static_cast<TlsSession*>(session)->wire_->send_bytes({bytes, length});
        return sent == TlsWire::kLater   ? MBEDTLS_ERR_SSL_WANT_WRITE
               : sent == TlsWire::kReset ? MBEDTLS_ERR_NET_CONN_RESET
                                         : sent;
      },
      [](void* session, unsigned char* into, size_t length) {
        const int received = static_cast<TlsSession*>(session)->wire_->receive_bytes({into, length});
        return received == TlsWire::kLater   ? MBEDTLS_ERR_SSL_WANT_READ
               : received == TlsWire::kReset ? MBEDTLS_ERR_NET_CONN_RESET
                                             : received;
      },
      nullptr);
  return true;
}

bool TlsSession::load_chain(Secrets& secrets, Text key, mbedtls_x509_crt& chain, TcpFailure missing,
                            TcpFailure unusable) {
  const Blob blob(memory_, secrets, key);
  if (!blob.has_memory()) return fail(TcpFailure::no_memory);
  if (!blob.is_there()) return fail(missing);
  // A positive result is the number of certificates that could not be read.
  const int code = mbedtls_x509_crt_parse(&chain, blob.data(), blob.length());
  return code == 0 || fail(unusable, code);
}

bool TlsSession::load_crl(Secrets& secrets) {
  if (!secrets.has(secret::kCrl)) return true;
  const Blob blob(memory_, secrets, secret::kCrl);
  if (!blob.has_memory()) return fail(TcpFailure::no_memory);
  // A missing CRL must not disable the check of revocation.
  if (!blob.is_there()) return fail(TcpFailure::unusable_crl);
  const int code = mbedtls_x509_crl_parse(&crl_, blob.data(), blob.length());
  return code == 0 || fail(TcpFailure::unusable_crl, code);
}

bool TlsSession::load_key(Secrets& secrets) {
  const Blob blob(memory_, secrets, secret::kClientKey);
  if (!blob.has_memory()) return fail(TcpFailure::no_memory);
  if (!blob.is_there()) return fail(TcpFailure::no_client_certificate);
  int code = mbedtls_pk_parse_key(&key_, blob.data(), blob.length(), nullptr, 0, &random_bytes, &rng_);
  if (code == 0) code = mbedtls_pk_check_pair(&chain_.pk, &key_, &random_bytes, &rng_);
  return code == 0 || fail(TcpFailure::unusable_client_certificate, code);
}

bool TlsSession::fail(TcpFailure failure, int code) {
  const size_t latest = TlsMemory::take_failed();
  const size_t failed = latest != 0 ? latest : failed_;
  const bool starved = failed != 0 || failure == TcpFailure::no_memory;
  problem_ = {starved ? TcpFailure::no_memory : failure, static_cast<int32_t>(code), 0, 0};
  if (starved) {
    problem_.needed = failed != 0 ? failed : Secrets::kMaxBlob + 1;
    problem_.largest = memory_.largest_block();
  }
  state_ = State::ended;
  is_computing_ = wants_output_ = false;
  return false;
}

bool TlsSession::is_waiting(int code) {
  wants_output_ = code == MBEDTLS_ERR_SSL_WANT_WRITE;
  is_computing_ = code == MBEDTLS_ERR_SSL_CRYPTO_IN_PROGRESS;
  return wants_output_ || is_computing_ || code == MBEDTLS_ERR_SSL_WANT_READ;
}

TlsSession::State TlsSession::step() {
  if (state_ != State::handshaking) return state_;
  TlsMemory::take_failed();
  const int code = mbedtls_ssl_handshake(&ssl_);
  if (code == 0) {
    state_ = State::open;
    is_computing_ = wants_output_ = false;
    // The handshake has succeeded, so an allocation that failed in it is not the reason of a later end.
    TlsMemory::take_failed();
    failed_ = 0;
  } else if (!is_waiting(code)) {
    end(code);
  } else if (const size_t failed = TlsMemory::take_failed(); failed != 0) {
    // The library continues after some failed allocations, and the peer then rejects the next bytes. Keep the size, to
    // report no_memory.
    failed_ = failed;
  }
  return state_;
}

void TlsSession::end(int code) {
  switch (code) {
    case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED:
      fail(verdict(), code);
      return;
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
      fail(TcpFailure::rejected_by_peer, ssl_.in_msg[1]);
      return;
    case 0:
    case MBEDTLS_ERR_SSL_CONN_EOF:
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
    case MBEDTLS_ERR_NET_CONN_RESET:
      fail(TcpFailure::closed_by_peer, code);
      return;
    default:
      fail(TcpFailure::protocol, code);
  }
}

/// Returns the most serious problem of the certificates of the peer.
TcpFailure TlsSession::verdict() const {
  const uint32_t flags = mbedtls_ssl_get_verify_result(&ssl_);
  const auto has = [flags](uint32_t flag) { return (flags & flag) != 0; };
  if (has(MBEDTLS_X509_BADCERT_REVOKED)) return TcpFailure::certificate_revoked;
  if (has(MBEDTLS_X509_BADCERT_NOT_TRUSTED)) return TcpFailure::certificate_unknown_root;
  if (has(MBEDTLS_X509_BADCERT_EXPIRED)) return TcpFailure::certificate_expired;
  if (has(MBEDTLS_X509_BADCERT_FUTURE)) return TcpFailure::certificate_not_yet_valid;
  if (has(MBEDTLS_X509_BADCERT_CN_MISMATCH)) return TcpFailure::certificate_wrong_name;
  if (has(MBEDTLS_X509_BADCRL_NOT_TRUSTED)) return TcpFailure::unusable_crl;
  return TcpFailure::certificate_bad;
}

/// Checks the validity period of a certificate here, because the library does not know whether the time is exact or a
/// lower limit.
int TlsSession::verify(const mbedtls_x509_crt& certificate, uint32_t& flags) {
  const int64_t from = unix_seconds(certificate.valid_from);
  const int64_t to = unix_seconds(certificate.valid_to);
  if (from > valid_from_) valid_from_ = from;
  if (to < valid_to_) valid_to_ = to;
  if (time_.unix_s > to) flags |= MBEDTLS_X509_BADCERT_EXPIRED;
  if (time_.is_exact && time_.unix_s < from) flags |= MBEDTLS_X509_BADCERT_FUTURE;
  return 0;
}

TcpFailure TlsSession::judge(int64_t unix_s) const {
  if (unix_s > valid_to_) return TcpFailure::certificate_expired;
  return unix_s < valid_from_ ? TcpFailure::certificate_not_yet_valid : TcpFailure::none;
}

size_t TlsSession::send(Bytes bytes) {
  if (state_ != State::open) return bytes.length;
  // If the wire has taken a record only in part, the library still has it. The library then continues with that record,
  // and counts its bytes only.
  const size_t offered = unsent_ != 0 ? unsent_ : bytes.length;
  const int code = mbedtls_ssl_write(&ssl_, bytes.data, offered);
  if (code > 0) {
    unsent_ = 0;
    wants_output_ = false;
    return static_cast<size_t>(code);
  }
  if (is_waiting(code)) {
    const int limit = mbedtls_ssl_get_max_out_record_payload(&ssl_);
    const size_t most = limit > 0 ? static_cast<size_t>(limit) : offered;
    unsent_ = offered < most ? offered : most;
    return 0;
  }
  return bytes.length;  // receive() finds the end
}

size_t TlsSession::receive(MutableBytes into) {
  if (state_ != State::open) return 0;
  const int code = mbedtls_ssl_read(&ssl_, into.data, into.length);
  if (code > 0) return static_cast<size_t>(code);
  const bool output = wants_output_;
  if (is_waiting(code)) {
    wants_output_ = output;
  } else {
    end(code);
  }
  return 0;
}

void TlsSession::close() {
  if (state_ == State::open) mbedtls_ssl_close_notify(&ssl_);
}

}  // namespace pb::mbedtls
