#pragma once

#include "core/span.h"
#include "core/text.h"

namespace pb {

/// Enough characters for any 64-bit integer with its sign.
constexpr size_t kDecimalLength = 20;

/// Writes `value` in decimal, without NUL. @return the characters, in `into`.
Text format_decimal(int64_t value, char (&into)[kDecimalLength]);
Text format_decimal_unsigned(uint64_t value, char (&into)[kDecimalLength]);

/// Reads a whole text of decimal digits. @return false, with `value` kept, when it is empty, has anything but digits
/// (and a leading '-' where signed), or does not fit.
bool parse_decimal(Text text, int64_t& value);
bool parse_decimal_unsigned(Text text, uint64_t& value);

}  // namespace pb
