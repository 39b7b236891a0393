#pragma once

#include "core/span.h"

namespace pb {

constexpr size_t kSha1Length = 20;

/// Computes SHA-1 (RFC 3174), only for the WebSocket accept key, which requires it and is no secret.
void sha1(Bytes bytes, uint8_t (&digest)[kSha1Length]);

}  // namespace pb
