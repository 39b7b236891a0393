#pragma once

#include <stdint.h>

namespace pb {

/// The exact value of a JSON number, read character by character: it uses the decimal digits, never an approximate
/// binary fraction.
class DecimalNumber {
 public:
  /// Takes the next character of a valid number.
  void feed(char character);

  /// Whether the text has a fraction or an exponent.
  bool has_fraction_or_exponent() const { return part_ != Part::integer; }
  /// Whether the value is a multiple of 10^`power`.
  bool is_multiple_of_power(int power) const;
  /// @return less than 0, 0 or greater than 0 if the value is less than, equal to or greater than `bound`.
  int compare(int16_t bound) const;

 private:
  enum class Part : uint8_t { integer, fraction, exponent };

  void take_digit(uint8_t digit);
  int64_t exponent() const { return is_exponent_negative_ ? -int64_t{exponent_} : exponent_; }
  /// Compares the absolute value with `bound`. The value is not 0.
  int compare_magnitude(uint64_t bound) const;

  Part part_ = Part::integer;
  bool is_negative_ = false;
  bool is_exponent_negative_ = false;
  bool has_more_ = false;  // mantissa_ lacks digits that are not all zero
  uint64_t mantissa_ = 0;  // the first digits, as many as fit
  int32_t scale_ = 0;      // the power of ten of the last digit in mantissa_, before the exponent
  int32_t places_ = 0;     // digits after the point
  int32_t lowest_ = 0;     // the power of ten of the last digit that is not 0
  int32_t exponent_ = 0;
};

}  // namespace pb
