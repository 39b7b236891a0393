#include "features/schema/decimal_number.h"

namespace pb {
namespace {

/// For every limit, a larger exponent or number of digits has the same effect as this one.
constexpr int32_t kMost = 1'000'000'000;
constexpr uint64_t kMostMantissa = (UINT64_MAX - 9) / 10;

}  // namespace

void DecimalNumber::feed(char character) {
  switch (character) {
    case '-':
      if (part_ == Part::exponent) {
        is_exponent_negative_ = true;
      } else {
        is_negative_ = true;
      }
      return;
    case '+':
      return;
    case '.':
      part_ = Part::fraction;
      return;
    case 'e':
    case 'E':
      part_ = Part::exponent;
      return;
    default:
      take_digit(static_cast<uint8_t>(character - '0'));
  }
}

void DecimalNumber::take_digit(uint8_t digit) {
  if (part_ == Part::exponent) {
    if (exponent_ < kMost) exponent_ = exponent_ >= kMost / 10 ? kMost : exponent_ * 10 + digit;
    return;
  }
  const bool is_fraction = part_ == Part::fraction;
  if (is_fraction && places_ < kMost) ++places_;
  if (mantissa_ <= kMostMantissa) {
    mantissa_ = mantissa_ * 10 + digit;
    if (is_fraction && scale_ > -kMost) --scale_;
  } else {
    has_more_ = has_more_ || digit != 0;
    if (!is_fraction && scale_ < kMost) ++scale_;
  }
  if (digit != 0) {
    lowest_ = is_fraction ? -places_ : 0;
  } else if (!is_fraction && lowest_ < kMost) {
    ++lowest_;
  }
}

bool DecimalNumber::is_multiple_of_power(int power) const { return mantissa_ == 0 || lowest_ + exponent() >= power; }

int DecimalNumber::compare(int16_t bound) const {
  if (mantissa_ == 0) return bound > 0 ? -1 : bound < 0 ? 1 : 0;
  if (is_negative_ != (bound < 0)) return is_negative_ ? -1 : 1;
  const int magnitude = compare_magnitude(static_cast<uint64_t>(bound < 0 ? -int32_t{bound} : bound));
  return is_negative_ ? -magnitude : magnitude;
}

int DecimalNumber::compare_magnitude(uint64_t bound) const {
  if (bound == 0) return 1;
  int64_t power = scale_ + exponent();
  uint64_t value = mantissa_;
  for (; power > 0; --power) {
    if (value > bound) return 1;
    value *= 10;
  }
  for (; power < 0; ++power) {
    if (bound > value) return -1;
    if (bound > UINT64_MAX / 10) return -1;
    bound *= 10;
  }
  if (value != bound) return value < bound ? -1 : 1;
  return has_more_ ? 1 : 0;
}

}  // namespace pb
