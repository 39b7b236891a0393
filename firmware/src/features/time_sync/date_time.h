#pragma once

#include "core/json_reader.h"
#include "core/text.h"

namespace pb {

/// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
using UnixMillis = int64_t;

/// Room for `2024-02-29T12:34:56.789Z`.
constexpr size_t kTimestampLength = 24;
using Timestamp = FixedText<kTimestampLength>;

/// Formats a date-time of RFC 3339, section 5.6, in UTC with milliseconds. A year outside of 0 to 9999 is clamped to
/// that range.
Timestamp format_timestamp(UnixMillis time);

/// Reads a date and time of day of ISO 8601, in basic or extended format:
///  - the date as calendar date, ordinal date (`2024-060`) or week date (`2024-W09-4`), of a year from 0 to 9999;
///  - `T`, `t` or, as in RFC 3339, a blank;
///  - hours, minutes and seconds, or fewer of them; the last may have a fraction of any length after `.` or `,`. Digits
///    beyond milliseconds are cut off. 24:00 is the end of the day; a leap second counts as the second before it;
///  - `Z`, `z`, `+hh`, `+hhmm` or `+hh:mm`. A time without any of them is UTC.
/// @return false, with `time` unchanged, for any other text, also for a date that does not exist.
bool parse_timestamp(Text text, UnixMillis& time);

/// The longest string that read_timestamp accepts, in bytes.
constexpr size_t kLongestDateTime = 128;

/// Parses a date-time in a JSON string. @return false, with `time` unchanged, for any other value.
bool read_timestamp(JsonValue value, UnixMillis& time);

}  // namespace pb
