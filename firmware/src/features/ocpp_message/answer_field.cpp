#include "features/ocpp_message/answer_field.h"

#include "core/decimal.h"

namespace pb {

bool read_integer(JsonValue field, int64_t& value) {
  FixedText<kDecimalLength> digits;
  if (field.get(digits)) return parse_decimal(digits.text(), value);
  if (field.kind() != JsonKind::number) return false;
  Text text = field.raw();
  size_t zeros = 0;
  while (zeros < text.length && text.data[text.length - 1 - zeros] == '0') ++zeros;
  const bool has_empty_fraction = zeros > 0 && zeros < text.length && text.data[text.length - 1 - zeros] == '.';
  if (has_empty_fraction) text.length -= zeros + 1;
  return parse_decimal(text, value);
}

}  // namespace pb
