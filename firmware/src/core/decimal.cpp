#include "core/decimal.h"

namespace pb {

Text format_decimal_unsigned(uint64_t value, char (&into)[kDecimalLength]) {
  size_t begin = kDecimalLength;
  do {
    into[--begin] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  return {into + begin, kDecimalLength - begin};
}

Text format_decimal(int64_t value, char (&into)[kDecimalLength]) {
  if (value >= 0) return format_decimal_unsigned(static_cast<uint64_t>(value), into);
  Text digits = format_decimal_unsigned(~static_cast<uint64_t>(value) + 1, into);
  char* sign = into + (kDecimalLength - digits.length - 1);
  *sign = '-';
  return {sign, digits.length + 1};
}

bool parse_decimal_unsigned(Text text, uint64_t& value) {
  if (text.empty()) return false;
  uint64_t sum = 0;
  for (size_t i = 0; i < text.length; ++i) {
    char c = text.data[i];
    if (c < '0' || c > '9') return false;
    uint64_t digit = static_cast<uint64_t>(c - '0');
    if (sum > (UINT64_MAX - digit) / 10) return false;
    sum = sum * 10 + digit;
  }
  value = sum;
  return true;
}

bool parse_decimal(Text text, int64_t& value) {
  bool negative = !text.empty() && text.data[0] == '-';
  uint64_t magnitude = 0;
  if (!parse_decimal_unsigned(negative ? Text{text.data + 1, text.length - 1} : text, magnitude)) return false;
  uint64_t limit = static_cast<uint64_t>(INT64_MAX) + (negative ? 1 : 0);
  if (magnitude > limit) return false;
  value = static_cast<int64_t>(negative ? ~magnitude + 1 : magnitude);
  return true;
}

}  // namespace pb
