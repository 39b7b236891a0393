#pragma once

#include "features/config/settings.h"
#include "features/logging/logger.h"
#include "features/storage/storage.h"
#include "features/time_sync/time_sync.h"
#include "features/websocket/credentials.h"
#include "port/secrets.h"
#include "port/worker.h"

namespace pb {

/// The security profiles of the OCPP 1.6 security whitepaper (section 2): the authentication of both
/// sides of the connection to the CSMS, and the conditions of a change.
class Security final : public Credentials {
 public:
  enum Profile : uint32_t { none, basic_authentication, tls_with_basic_authentication, tls_with_client_certificate };
  /// Limits of AuthorizationKey, in bytes (whitepaper, section 2.3).
  static constexpr size_t kMinKey = 16;
  static constexpr size_t kMaxKey = 20;
  static constexpr Text kKeyName = "AuthorizationKey";
  static constexpr Text kProfileName = "SecurityProfile";
  /// The error of set_authorization_key() while another key is being stored: a retry can succeed.
  static constexpr char kBusy[] = "is not set: another one is being stored, try again";

  /// Called on the loop when another key is in force.
  struct Listener {
    void (*call)(void* context) = nullptr;
    void* context = nullptr;
  };

  Security(Secrets& secrets, Worker& worker, const Settings& settings, const TimeSync& time_sync, Logger& log)
      : secrets_(secrets), worker_(worker), settings_(settings), time_sync_(time_sync), log_(log) {}

  void set_listener(Listener listener) { listener_ = listener; }

  bool has_tls(bool url_has_tls) const override {
    return url_has_tls || settings_.security_profile >= tls_with_basic_authentication;
  }
  TcpSecurity security(bool url_has_tls) override;
  Text authorization(Text identity, Span<char> into) override;
  CertificateTime time() const;

  /// @return the missing secret of a profile, to be read after its name; nullptr if none is missing.
  const char* error_for(uint32_t profile);
  /// Checks and stores the key; `done` is called on the loop when that is durable. @param hexadecimal 32 to 40 digits
  /// @return the problem, to be read after the name of the key, or nullptr.
  const char* set_authorization_key(Text hexadecimal, StorageDone done);

 private:
  void stored();

  Secrets& secrets_;
  Worker& worker_;
  const Settings& settings_;
  const TimeSync& time_sync_;
  Logger& log_;
  Listener listener_;
  bool has_reported_time_ = false;

  // The key that is being written.
  bool storing_ = false;
  uint8_t key_[kMaxKey] = {};
  size_t key_length_ = 0;
  SecretsResult result_ = SecretsResult::ok;
  StorageDone done_;
};

}  // namespace pb
