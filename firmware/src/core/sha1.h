#pragma once

#include "core/span.h"

namespace pb {

constexpr size_t kSha1Length = 20;

/// Computes SHA-1 (RFC 3174). Use it for the WebSocket accept key only: RFC 6455 requires SHA-1 there, and the key is
/// no secret.
void sha1(Bytes bytes, uint8_t (&digest)[kSha1Length]);

}  // namespace pb
