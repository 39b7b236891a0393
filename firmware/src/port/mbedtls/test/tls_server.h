#pragma once

#include <mbedtls/ecp.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <stdlib.h>

#include <string>

namespace pb::mbedtls {

/// Repeatable random bytes. They must not be used for a real secret.
class TestRandom {
 public:
  static int fill(void* context, unsigned char* into, size_t length) {
    auto& self = *static_cast<TestRandom*>(context);
    for (size_t i = 0; i < length; ++i) {
      self.state_ = self.state_ * 6364136223846793005u + 1442695040888963407u;
      into[i] = static_cast<unsigned char>(self.state_ >> 56);
    }
    return 0;
  }

 private:
  uint64_t state_ = 1;
};

/// A key of P-256 with a certificate that it has signed itself, for `csms.example`.
class ServerIdentity {
 public:
  ServerIdentity() {
    mbedtls_pk_init(&key_);
    mbedtls_x509_crt_init(&certificate_);
    require(mbedtls_pk_setup(&key_, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)));
    require(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(key_), &TestRandom::fill, &random_));
    mbedtls_x509write_cert writer;
    mbedtls_x509write_crt_init(&writer);
    mbedtls_x509write_crt_set_version(&writer, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&writer, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&writer, &key_);
    mbedtls_x509write_crt_set_issuer_key(&writer, &key_);
    unsigned char serial[] = {1};
    require(mbedtls_x509write_crt_set_serial_raw(&writer, serial, sizeof serial));
    require(mbedtls_x509write_crt_set_subject_name(&writer, "CN=csms.example"));
    require(mbedtls_x509write_crt_set_issuer_name(&writer, "CN=csms.example"));
    require(mbedtls_x509write_crt_set_validity(&writer, "20200101000000", "20990101000000"));
    require(mbedtls_x509write_crt_set_basic_constraints(&writer, 1, -1));
    unsigned char bytes[2048];
    const int length = mbedtls_x509write_crt_der(&writer, bytes, sizeof bytes, &TestRandom::fill, &random_);
    mbedtls_x509write_crt_free(&writer);
    require(length > 0 ? 0 : length);
    der_.assign(reinterpret_cast<const char*>(bytes) + sizeof bytes - length, static_cast<size_t>(length));
    require(
        mbedtls_x509_crt_parse_der(&certificate_, reinterpret_cast<const unsigned char*>(der_.data()), der_.size()));
  }
  ~ServerIdentity() {
    mbedtls_x509_crt_free(&certificate_);
    mbedtls_pk_free(&key_);
  }
  ServerIdentity(const ServerIdentity&) = delete;
  ServerIdentity& operator=(const ServerIdentity&) = delete;

  const std::string& der() const { return der_; }
  mbedtls_x509_crt& certificate() { return certificate_; }
  mbedtls_pk_context& key() { return key_; }

  /// Ends the program if the library could not prepare the server.
  static void require(int code) {
    if (code == 0) return;
    fprintf(stderr, "the TLS server cannot be prepared: mbed TLS error -0x%04x\n", static_cast<unsigned>(-code));
    abort();
  }

 private:
  TestRandom random_;
  mbedtls_pk_context key_;
  mbedtls_x509_crt certificate_;
  std::string der_;
};

/// The server's end of one connection, in memory.
class TlsServer {
 public:
  explicit TlsServer(ServerIdentity& identity) {
    mbedtls_ssl_init(&ssl_);
    mbedtls_ssl_config_init(&config_);
    ServerIdentity::require(mbedtls_ssl_config_defaults(&config_, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
                                                        MBEDTLS_SSL_PRESET_DEFAULT));
    mbedtls_ssl_conf_rng(&config_, &TestRandom::fill, &random_);
    ServerIdentity::require(mbedtls_ssl_conf_own_cert(&config_, &identity.certificate(), &identity.key()));
    ServerIdentity::require(mbedtls_ssl_setup(&ssl_, &config_));
    mbedtls_ssl_set_bio(
        &ssl_, this,
        [](void* self, const unsigned char* bytes, size_t length) {
          static_cast<TlsServer*>(self)->to_client.append(reinterpret_cast<const char*>(bytes), length);
          return static_cast<int>(length);
        },
        [](void* self, unsigned char* into, size_t length) {
          std::string& from = static_cast<TlsServer*>(self)->from_client;
          if (from.empty()) return MBEDTLS_ERR_SSL_WANT_READ;
          const size_t count = from.copy(reinterpret_cast<char*>(into), length);
          from.erase(0, count);
          return static_cast<int>(count);
        },
        nullptr);
  }
  ~TlsServer() {
    mbedtls_ssl_free(&ssl_);
    mbedtls_ssl_config_free(&config_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::string to_client;
  std::string from_client;

  /// Whether an error has ended the connection. An alert for the client may be in `to_client`.
  bool has_failed() const { return has_failed_; }
  /// Whether the handshake is complete.
  bool is_open() { return mbedtls_ssl_is_handshake_over(&ssl_) != 0; }

  /// Continues the handshake as far as the bytes that have come allow, then decrypts them. @return the content
  std::string receive() {
    std::string content;
    if (has_failed_ || (!is_open() && !is_progress(mbedtls_ssl_handshake(&ssl_)))) return content;
    unsigned char bytes[256];
    int count = 0;
    while (is_open() && (count = mbedtls_ssl_read(&ssl_, bytes, sizeof bytes)) > 0) {
      content.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(count));
    }
    is_progress(count);
    return content;
  }
  /// Encrypts bytes for the client. Only while open.
  void send(const std::string& content) {
    for (size_t sent = 0; sent < content.size();) {
      const auto* rest = reinterpret_cast<const unsigned char*>(content.data()) + sent;
      const int count = mbedtls_ssl_write(&ssl_, rest, content.size() - sent);
      if (!is_progress(count)) return;
      sent += static_cast<size_t>(count);
    }
  }

 private:
  bool is_progress(int code) {
    if (code == MBEDTLS_ERR_SSL_WANT_READ || code == MBEDTLS_ERR_SSL_CRYPTO_IN_PROGRESS) return false;
    has_failed_ = has_failed_ || code < 0;
    return code >= 0;
  }

  TestRandom random_;
  mbedtls_ssl_context ssl_;
  mbedtls_ssl_config config_;
  bool has_failed_ = false;
};

}  // namespace pb::mbedtls
