#pragma once

#include "core/span.h"
#include "core/text.h"

namespace pb {

enum class SecretsResult : uint8_t { ok, not_found, too_large, full, failed };

/// The keys of the store.
namespace secret {
constexpr Text kAuthorizationKey = "auth_key";  ///< 16 to 20 bytes: the password of Basic authentication
constexpr Text kRoot = "root";                  ///< the roots that a CSMS's certificate may have, PEM or DER
constexpr Text kCrl = "crl";                    ///< the CRL of those roots, PEM or DER
constexpr Text kClientChain = "client_chain";   ///< our own certificate and the ones above it, PEM or DER
constexpr Text kClientKey = "client_key";       ///< the private key of our own certificate, PEM or DER
constexpr Text kWifi = "wifi";                  ///< the networks of features/wifi and their keys
constexpr Text kWebLogin = "web";               ///< the hash of the password of features/web_ui
constexpr Text kStorage = "storage";            ///< one byte: the partition `storage` has had a file system
}  // namespace secret

/// Keyed blobs that are kept apart from the settings: NVS on the chip, a region of its own on the host. A blob is
/// replaced as a whole: after a power cut at any moment, either the old or the new blob is there.
class Secrets {
 public:
  static constexpr size_t kMaxKey = 15;  ///< the limit of NVS (ESP-IDF: "Non-Volatile Storage Library")
  static constexpr size_t kMaxBlob = 4000;
  static constexpr size_t kMaxBlobs = 8;

  /// Blocks for a few milliseconds at most. @param length the number of bytes put into `into`; 0 for a blob that is too
  /// large for `into`.
  virtual SecretsResult read(Text key, MutableBytes into, size_t& length) = 0;
  /// Whether there is such a blob.
  virtual bool has(Text key) = 0;
  /// Blocks until the blob is durable, for tens of milliseconds: writers run in a Worker.
  virtual SecretsResult write(Text key, Bytes value) = 0;
  /// Blocks like write(). A missing blob is no error.
  virtual SecretsResult remove(Text key) = 0;

 protected:
  ~Secrets() = default;
};

}  // namespace pb
