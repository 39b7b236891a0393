#include "features/time_sync/rfc3339.h"

#include "core/text_writer.h"
#include "core/time.h"

namespace pb {

namespace {

constexpr UnixMillis kYear0 = -62'167'219'200'000;     // 0000-01-01T00:00:00.000Z
constexpr UnixMillis kYear9999 = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z

struct Date {
  int64_t year;
  int64_t month;
  int64_t day;
};

// Days are counted from 0000-03-01 of the proleptic Gregorian calendar: with the leap day at the end of the year, the
// length of the months before it follows from one linear formula. An era is the 400 years after which the calendar
// repeats.
constexpr int64_t kDaysPerEra = 146'097;
constexpr int64_t kDaysTo1970 = 719'468;

int64_t days_of(Date date) {
  const int64_t year = date.month <= 2 ? date.year - 1 : date.year;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t month_from_march = (date.month + 9) % 12;
  const int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPerEra + day_of_era - kDaysTo1970;
}

Date date_of(int64_t days) {
  days += kDaysTo1970;
  const int64_t era = (days >= 0 ? days : days - (kDaysPerEra - 1)) / kDaysPerEra;
  const int64_t day_of_era = days - era * kDaysPerEra;
  const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day_of_year - (153 * month_from_march + 2) / 5 + 1};
}

bool is_leap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int64_t days_in(int64_t year, int64_t month) {
  if (month == 2) return is_leap(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/// Reads the parts of a fixed format from the front.
class Reader {
 public:
  explicit Reader(Text text) : rest_(text) {}

  bool number(unsigned digits, int64_t most, int64_t& value) {
    if (rest_.length < digits) return false;
    value = 0;
    for (unsigned i = 0; i < digits; ++i) {
      if (!is_digit()) return false;
      value = value * 10 + (take() - '0');
    }
    return value <= most;
  }
  bool one_of(Text characters, char& found) {
    for (size_t i = 0; !rest_.empty() && i < characters.length; ++i) {
      if (rest_.data[0] == characters.data[i]) {
        found = take();
        return true;
      }
    }
    return false;
  }
  bool one_of(Text characters) {
    char found;
    return one_of(characters, found);
  }
  bool is_digit() const { return !rest_.empty() && rest_.data[0] >= '0' && rest_.data[0] <= '9'; }
  char take() {
    const char first = rest_.data[0];
    rest_ = Text(rest_.data + 1, rest_.length - 1);
    return first;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  Text rest_;
};

}  // namespace

Timestamp format_timestamp(UnixMillis time) {
  if (time < kYear0) time = kYear0;
  if (time > kYear9999) time = kYear9999;
  int64_t days = time / kMillisPerDay;
  if (time % kMillisPerDay < 0) --days;
  const Date date = date_of(days);
  const auto in_day = static_cast<uint64_t>(time - days * kMillisPerDay);
  char bytes[kTimestampLength];
  TextWriter text{Span<char>(bytes)};
  text.append_all(Padded{static_cast<uint64_t>(date.year), 4}, '-', Padded{static_cast<uint64_t>(date.month), 2}, '-',
                  Padded{static_cast<uint64_t>(date.day), 2}, 'T', Padded{in_day / 3'600'000, 2}, ':',
                  Padded{in_day / 60'000 % 60, 2}, ':', Padded{in_day / 1000 % 60, 2}, '.', Padded{in_day % 1000, 3},
                  'Z');
  Timestamp result;
  result.assign(text.text());
  return result;
}

bool parse_timestamp(Text text, UnixMillis& time) {
  Reader reader(text);
  Date date{};
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  if (!reader.number(4, 9999, date.year) || !reader.one_of("-") || !reader.number(2, 12, date.month) ||
      !reader.one_of("-") || !reader.number(2, 31, date.day) || !reader.one_of("Tt ") || !reader.number(2, 23, hour) ||
      !reader.one_of(":") || !reader.number(2, 59, minute) || !reader.one_of(":") || !reader.number(2, 60, second))
    return false;
  if (date.month == 0 || date.day == 0 || date.day > days_in(date.year, date.month)) return false;
  if (second == 60) second = 59;

  int64_t millis = 0;
  if (reader.one_of(".")) {
    if (!reader.is_digit()) return false;
    for (int64_t weight = 100; reader.is_digit(); weight /= 10) millis += (reader.take() - '0') * weight;
  }

  char sign = 0;
  int64_t offset_minutes = 0;
  if (reader.one_of("+-", sign)) {
    int64_t offset_hour = 0;
    int64_t offset_minute = 0;
    if (!reader.number(2, 23, offset_hour) || !reader.one_of(":") || !reader.number(2, 59, offset_minute)) return false;
    offset_minutes = (offset_hour * 60 + offset_minute) * (sign == '-' ? -1 : 1);
  } else if (!reader.one_of("Zz")) {
    return false;
  }
  if (!reader.at_end()) return false;
  time = days_of(date) * kMillisPerDay + (hour * 60 + minute - offset_minutes) * 60'000 + second * 1000 + millis;
  return true;
}

}  // namespace pb
