#pragma once

#include <stdint.h>

#include "core/text.h"

namespace pb {

/// Parses HTTP's dates (RFC 9110 section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`, and the two obsolete forms of RFC 850
/// and of asctime. A year of two digits is one of this century.
/// @param unix_s seconds since 1970, unchanged for any other text
/// @return whether the text is such a date
bool parse_http_date(Text text, int64_t& unix_s);

}  // namespace pb
