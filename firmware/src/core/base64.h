#pragma once

#include "core/span.h"
#include "core/text.h"

namespace pb {

constexpr size_t base64_length(size_t bytes) { return (bytes + 2) / 3 * 4; }

/// Encodes `bytes` in base64 with padding (RFC 4648 section 4). @return the characters, in `into`; empty when `into` is
/// shorter than base64_length(bytes.length).
Text encode_base64(Bytes bytes, Span<char> into);

}  // namespace pb
