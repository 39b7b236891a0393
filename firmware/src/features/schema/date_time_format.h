#pragma once

#include <stdint.h>

namespace pb {

/// Judges the format `date-time`, character by character: RFC 3339, section 5.6. The day must exist, and a leap second
/// is valid only at 23:59:60 UTC.
class DateTimeFormat {
 public:
  /// @return false as soon as the text cannot become a date-time, and for every later character.
  bool feed(uint32_t character);
  /// Whether the text so far is a whole date-time.
  bool is_complete() const;

 private:
  bool step(char character);
  bool is_field_valid(char separator);

  // The fields in the order of the text: year, month, day, hour, minute, second, and the offset's hour and minute.
  static constexpr uint8_t kSecond = 5;
  static constexpr uint8_t kOffsetHour = 6;
  static constexpr uint8_t kOffsetMinute = 7;
  static constexpr uint8_t kDone = 8;

  uint16_t fields_[kDone] = {};
  uint8_t field_ = 0;
  uint8_t digits_ = 0;
  bool is_valid_ = true;
  bool has_fraction_ = false;
  bool in_fraction_ = false;
  bool is_west_ = false;
};

}  // namespace pb
