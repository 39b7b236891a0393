#include "features/schema/date_time_format.h"

#include "core/calendar.h"
#include "core/text.h"

namespace pb {

bool DateTimeFormat::feed(uint32_t character) {
  is_valid_ = is_valid_ && character < 0x80 && step(static_cast<char>(character));
  return is_valid_;
}

bool DateTimeFormat::step(char character) {
  if (field_ == kDone) return false;
  if (is_digit(character)) {
    // A fraction has one digit or more.
    if (in_fraction_) {
      digits_ = 1;
      return true;
    }
    if (digits_ == (field_ == 0 ? 4 : 2)) return false;
    ++digits_;
    fields_[field_] = static_cast<uint16_t>(fields_[field_] * 10 + (character - '0'));
    if (field_ == kOffsetMinute && digits_ == 2) return is_field_valid('\0');
    return true;
  }
  if (in_fraction_) {
    if (digits_ == 0) return false;
    in_fraction_ = false;
    digits_ = 2;  // the state after the digits of the second
  }
  return is_field_valid(character);
}

/// Ends a field. @param separator the character after it, NUL at the end of the text
bool DateTimeFormat::is_field_valid(char separator) {
  static constexpr char kSeparators[kDone] = {'-', '-', 'T', ':', ':', '\0', ':', '\0'};
  static constexpr uint16_t kMost[kDone] = {9999, 12, 31, 23, 59, 60, 23, 59};
  if (digits_ != (field_ == 0 ? 4 : 2) || fields_[field_] > kMost[field_]) return false;
  const char expected = separator == 't' ? 'T' : separator;
  if (field_ == kSecond) {
    if (separator == '.' && !has_fraction_) {
      has_fraction_ = true;
      in_fraction_ = true;
      digits_ = 0;
      return true;
    }
    digits_ = 0;
    is_west_ = separator == '-';
    if (separator == '+' || separator == '-') {
      field_ = kOffsetHour;
      return true;
    }
    if (separator != 'Z' && separator != 'z') return false;
    field_ = kDone;
  } else {
    if (expected != kSeparators[field_]) return false;
    if (field_ == 1 && fields_[1] == 0) return false;
    if (field_ == 2 && (fields_[2] == 0 || fields_[2] > days_in_month(fields_[0], fields_[1]))) return false;
    ++field_;
    digits_ = 0;
  }
  if (field_ != kDone || fields_[kSecond] < 60) return true;
  const int offset = (fields_[kOffsetHour] * 60 + fields_[kOffsetMinute]) * (is_west_ ? -1 : 1);
  constexpr int kMinutesPerDay = 24 * 60;
  const int utc = fields_[3] * 60 + fields_[4] - offset;
  return (utc + kMinutesPerDay) % kMinutesPerDay == kMinutesPerDay - 1;
}

bool DateTimeFormat::is_complete() const { return is_valid_ && field_ == kDone; }

}  // namespace pb
