#pragma once

#include "core/text.h"
#include "port/tcp.h"

namespace pb {

/// The protection of the connection to the CSMS. It is read at each attempt: a change counts from the next attempt on.
class Credentials {
 public:
  /// Room for `Basic ` and the longest identity with the longest key, in base64.
  static constexpr size_t kMaxAuthorization = 6 + 4 * ((4 * 48 + 1 + 20 + 2) / 3);

  /// Whether the next connection has TLS. @param url_has_tls whether the URL says wss
  virtual bool has_tls(bool url_has_tls) const = 0;
  /// @param url_has_tls whether the URL says wss
  virtual TcpSecurity security(bool url_has_tls) = 0;
  /// The value of the header Authorization, written into `into`; empty for none.
  virtual Text authorization(Text identity, Span<char> into) = 0;

 protected:
  ~Credentials() = default;
};

}  // namespace pb
