#pragma once

#include "core/text.h"

namespace pb {

/// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
using UnixMillis = int64_t;

/// Room for `2024-02-29T12:34:56.789Z`.
constexpr size_t kTimestampLength = 24;
using Timestamp = FixedText<kTimestampLength>;

/// The date-time of RFC 3339, section 5.6, in UTC with milliseconds. Years outside of 0 to 9999 are held at the end of
/// that range.
Timestamp format_timestamp(UnixMillis time);

/// Takes a date-time with any offset and any number of fractional digits (what is finer than milliseconds is cut off);
/// a leap second counts as the second before it. @return false, with `time` unchanged, for anything else.
bool parse_timestamp(Text text, UnixMillis& time);

}  // namespace pb
