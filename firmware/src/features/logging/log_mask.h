#pragma once

#include "core/text.h"

namespace pb {

/// Overwrites each occurrence of `secret` in `line` with `*`. An empty secret has none.
void mask_secret(Span<char> line, Text secret);

/// Overwrites each value in a line that contains AuthorizationKey or a ChangeConfiguration message with `*` (OCPP 1.6
/// security whitepaper, section 2.3). mask_secret() is not enough for such a line: it can contain a key that the device
/// has not stored yet.
void mask_authorization_key(Span<char> line);

}  // namespace pb
