#pragma once

#include "core/span.h"

namespace pb {

constexpr size_t kSha1Length = 20;

/// SHA-1 (RFC 3174) of `bytes`. Only for the WebSocket accept key, which asks for it and is no secret.
void sha1(Bytes bytes, uint8_t (&digest)[kSha1Length]);

}  // namespace pb
