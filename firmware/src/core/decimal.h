#pragma once

#include "core/span.h"
#include "core/text.h"

namespace pb {

/// Enough characters for any 64-bit integer with its sign.
constexpr size_t kDecimalLength = 20;

/// Formats `value` in decimal, without NUL. @return the characters, in `into`.
Text format_decimal(int64_t value, char (&into)[kDecimalLength]);
Text format_decimal_unsigned(uint64_t value, char (&into)[kDecimalLength]);

/// Parses a text of decimal digits. A signed number may begin with '-'. @return false, with `value` unchanged, when the
/// text is empty, has another character, or is out of range.
bool parse_decimal(Text text, int64_t& value);
bool parse_decimal_unsigned(Text text, uint64_t& value);

}  // namespace pb
