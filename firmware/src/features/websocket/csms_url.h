#pragma once

#include "core/text.h"

namespace pb {

/// The address of the CSMS: the parts of `ws://host[:port][/path][?query]` or `wss://...`, with the charge point's
/// identity as the last segment of the path (OCPP-J 1.6 section 3.1.1).
struct CsmsUrl {
  static constexpr size_t kMaxUrl = 255;
  static constexpr uint16_t kPort = 80;  // RFC 6455 section 3
  static constexpr uint16_t kSecurePort = 443;
  /// Characters of UTF-8, each of up to four bytes.
  static constexpr size_t kMaxIdentity = 48;

  FixedText<kMaxUrl> host;       // the name to resolve: an IPv6 address without its brackets
  FixedText<kMaxUrl> authority;  // the text for the Host header
  /// The longest path with its query. A percent-encoded byte takes three bytes.
  FixedText<kMaxUrl + 1 + 3 * 4 * kMaxIdentity> path;
  uint16_t port = 80;
  bool has_port = false;  // the URL has a port; else the scheme's own is used
  bool has_tls = false;   // wss

  /// The port for a connection with TLS or without, which a security profile may require for any scheme.
  uint16_t port_for(bool tls) const { return has_port ? port : tls ? kSecurePort : kPort; }

  /// The rules for the setting `csms_url`, however it is set: the device can connect to each URL that passes.
  /// @return nullptr, or the problem and its remedy, to be read after the name of the setting.
  static const char* check(Text url);
  /// The rules for a host: a name or an IPv4 address. @return as check().
  static const char* check_host(Text host);
  /// The rules for the setting `identity`. @return as check().
  static const char* check_identity(Text identity);

  /// Takes the URL apart. Bytes of the identity that a path cannot hold are percent-encoded (RFC 3986 section 2.1).
  /// @return false, with undefined content, where check() or check_identity() returns an error.
  bool parse(Text url, Text identity);
};

}  // namespace pb
