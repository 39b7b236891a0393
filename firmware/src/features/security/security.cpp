#include "features/security/security.h"

#include "core/base64.h"
#include "core/hexadecimal.h"

namespace pb {

namespace {

constexpr Text kTag = "security";
constexpr Text kScheme = "Basic ";
constexpr size_t kMaxUser = 4 * 48;  // an identity in UTF-8
constexpr int64_t kMillis = 1000;

void clear(MutableBytes bytes) {
  volatile uint8_t* byte = bytes.data;
  for (size_t i = 0; i < bytes.length; ++i) byte[i] = 0;
}

}  // namespace

CertificateTime Security::time() const {
  return {time_sync_.not_before() / kMillis, time_sync_.quality() == TimeQuality::csms};
}

TcpSecurity Security::security(bool url_has_tls) {
  const TcpSecurity security{has_tls(url_has_tls), settings_.security_profile == tls_with_client_certificate, time()};
  if (security.tls && !security.time.is_exact && !has_reported_time_) {
    has_reported_time_ = true;  // report this once, not at each attempt
    log_.warning(kTag, "the time is at least ", format_timestamp(security.time.unix_s * kMillis).text(),
                 "; until the CSMS sends it, a certificate is only rejected if it had expired by then");
  }
  return security;
}

/// RFC 7617: user and password joined by a colon.
Text Security::authorization(Text identity, Span<char> into) {
  const uint32_t profile = settings_.security_profile;
  if (profile != basic_authentication && profile != tls_with_basic_authentication) return {};
  uint8_t joined[kMaxUser + 1 + kMaxKey];
  if (identity.length > kMaxUser || into.length < kScheme.length) return {};
  memcpy(joined, identity.data, identity.length);
  joined[identity.length] = ':';
  size_t length = 0;
  if (secrets_.read(secret::kAuthorizationKey, {joined + identity.length + 1, kMaxKey}, length) != SecretsResult::ok) {
    log_.warning(kTag, "there is no AuthorizationKey for security profile ", profile);
    return {};
  }
  memcpy(into.data, kScheme.data, kScheme.length);
  const Text encoded = encode_base64({joined, identity.length + 1 + length}, into.after(kScheme.length));
  clear(joined);
  return encoded.empty() ? Text() : Text(into.data, kScheme.length + encoded.length);
}

const char* Security::error_for(uint32_t profile) {
  const bool has_login = profile == basic_authentication || profile == tls_with_basic_authentication;
  if (has_login && !secrets_.has(secret::kAuthorizationKey)) return "needs an AuthorizationKey, which is not set";
  if (profile >= tls_with_basic_authentication && !secrets_.has(secret::kRoot)) {
    return "needs a root certificate, which is not installed";
  }
  if (profile == tls_with_client_certificate &&
      (!secrets_.has(secret::kClientChain) || !secrets_.has(secret::kClientKey))) {
    return "needs a client certificate and its key, which are not installed";
  }
  return nullptr;
}

const char* Security::set_authorization_key(Text hexadecimal, StorageDone done) {
  if (!is_hexadecimal(hexadecimal) || hexadecimal.length % 2 != 0 || hexadecimal.length < 2 * kMinKey ||
      hexadecimal.length > 2 * kMaxKey) {
    return "must have 32 to 40 hexadecimal digits, two for each of 16 to 20 bytes";
  }
  if (storing_) return kBusy;
  key_length_ = decode_hexadecimal(hexadecimal, key_);
  done_ = done;
  storing_ = worker_.post({[](void* self) {
                             auto& security = *static_cast<Security*>(self);
                             security.result_ = security.secrets_.write(secret::kAuthorizationKey,
                                                                        {security.key_, security.key_length_});
                           },
                           [](void* self) { static_cast<Security*>(self)->stored(); }, this});
  return storing_ ? nullptr : kBusy;
}

void Security::stored() {
  storing_ = false;
  clear(key_);
  const bool ok = result_ == SecretsResult::ok;
  if (!ok) log_.error(kTag, "the AuthorizationKey could not be stored, the old one stays");
  if (ok && listener_.call != nullptr) listener_.call(listener_.context);
  if (done_.call != nullptr) done_.call(done_.context, ok ? StorageResult::ok : StorageResult::failed);
}

}  // namespace pb
