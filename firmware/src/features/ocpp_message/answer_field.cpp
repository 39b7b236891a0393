#include "features/ocpp_message/answer_field.h"

#include "core/decimal.h"

namespace pb {
namespace {

/// Larger exponents, of either sign, count as unreadable.
constexpr int64_t kLargestExponent = 1'000;

bool append_digit(uint64_t& sum, unsigned digit) {
  if (sum > (UINT64_MAX - digit) / 10) return false;
  sum = sum * 10 + digit;
  return true;
}

/// @param text a number of JSON  @return false when the value is not an integer, or does not fit
bool read_number(Text text, int64_t& value) {
  const bool is_negative = text.data[0] == '-';
  uint64_t magnitude = 0;
  int64_t zeros = 0;  // digits that are not in the magnitude yet, because they may be zeros at the end of a fraction
  int64_t exponent = 0;
  bool is_fraction = false;
  size_t at = is_negative ? 1 : 0;
  for (; at < text.length && text.data[at] != 'e' && text.data[at] != 'E'; ++at) {
    const char c = text.data[at];
    if (c == '.') {
      is_fraction = true;
      continue;
    }
    if (is_fraction) --exponent;
    ++zeros;
    if (c == '0') continue;
    for (; zeros > 1; --zeros) {
      if (!append_digit(magnitude, 0)) return false;
    }
    if (!append_digit(magnitude, static_cast<unsigned>(c - '0'))) return false;
    zeros = 0;
  }
  if (at < text.length) {
    const size_t digits = at + (text.data[at + 1] == '+' ? 2 : 1);
    int64_t written = 0;
    if (!parse_decimal({text.data + digits, text.length - digits}, written)) return false;
    if (written < -kLargestExponent || written > kLargestExponent) return false;
    exponent += written;
  }
  if (magnitude == 0) zeros = exponent = 0;
  if (zeros + exponent < 0) return false;
  for (int64_t power = zeros + exponent; power > 0; --power) {
    if (!append_digit(magnitude, 0)) return false;
  }
  if (magnitude > uint64_t{INT64_MAX} + (is_negative ? 1 : 0)) return false;
  value = static_cast<int64_t>(is_negative ? ~magnitude + 1 : magnitude);
  return true;
}

}  // namespace

bool read_integer(JsonValue field, int64_t& value) {
  FixedText<kDecimalLength> digits;
  if (field.get(digits)) return parse_decimal(digits.text(), value);
  return field.kind() == JsonKind::number && read_number(field.raw(), value);
}

}  // namespace pb
