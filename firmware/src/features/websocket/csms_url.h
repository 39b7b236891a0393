#pragma once

#include "core/text.h"

namespace pb {

/// Where the CSMS listens: the parts of `ws://host[:port][/path]`, with the charge point's identity as the last
/// segment of the path (OCPP-J 1.6 section 3.1.1).
struct CsmsUrl {
  static constexpr size_t kMaxUrl = 255;
  static constexpr size_t kMaxIdentity = 48;

  FixedText<kMaxUrl> host;       // as it is resolved: an IPv6 address without its brackets
  FixedText<kMaxUrl> authority;  // as it is written in the Host header
  FixedText<kMaxUrl + 1 + 3 * kMaxIdentity> path;
  uint16_t port = 80;

  /// Takes the URL apart. Bytes of the identity that a path cannot hold are percent-encoded (RFC 3986 section 2.1).
  /// @return nullptr, or what is wrong, for people; the content is undefined then.
  const char* parse(Text url, Text identity);
};

}  // namespace pb
