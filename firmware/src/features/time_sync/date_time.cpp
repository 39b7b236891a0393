#include "features/time_sync/date_time.h"

#include "core/calendar.h"
#include "core/text_writer.h"
#include "core/time.h"

namespace pb {

namespace {

constexpr UnixMillis kYear0 = -62'167'219'200'000;     // 0000-01-01T00:00:00.000Z
constexpr UnixMillis kYear9999 = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z

constexpr int64_t kMillisPerSecond = 1'000;
constexpr int64_t kMillisPerMinute = 60'000;
constexpr int64_t kMillisPerHour = 3'600'000;

/// Parses a date-time from the front, part by part. Each part has a fixed number of digits, so the basic and the
/// extended format differ in their separators only.
class Reader {
 public:
  explicit Reader(Text text) : rest_(text) {}

  /// @param days from 1970-01-01
  bool date(int64_t& days) {
    int64_t year = 0;
    if (!number(4, 0, 9999, year)) return false;
    const bool extended = one_of("-");
    if (one_of("W")) return week_date(year, extended, days);
    // Three digits are the day of the year. A month and a day of the month have two digits each.
    if (digits() == 3) {
      int64_t day_of_year = 0;
      if (!number(3, 1, is_leap(year) ? 366 : 365, day_of_year)) return false;
      days = days_of({year, 1, 1}) + day_of_year - 1;
      return true;
    }
    int64_t month = 0;
    int64_t day = 0;
    if (!number(2, 1, 12, month) || one_of("-") != extended || !number(2, 1, days_in_month(year, month), day)) {
      return false;
    }
    days = days_of({year, month, day});
    return true;
  }

  bool time_of_day(int64_t& millis) {
    int64_t hour = 0;
    int64_t minute = 0;
    int64_t second = 0;
    int64_t unit = kMillisPerHour;
    if (!number(2, 0, 24, hour)) return false;
    const bool extended = one_of(":");
    if (extended || is_digit()) {
      if (!number(2, 0, 59, minute)) return false;
      unit = kMillisPerMinute;
      const bool has_seconds = extended ? one_of(":") : is_digit();
      if (has_seconds && !number(2, 0, 60, second)) return false;
      if (has_seconds) unit = kMillisPerSecond;
    }
    if (second == 60) second = 59;
    int64_t part = 0;
    if (one_of(".,") && !fraction(unit, part)) return false;
    millis = hour * kMillisPerHour + minute * kMillisPerMinute + second * kMillisPerSecond + part;
    return millis <= kMillisPerDay;
  }

  /// @param offset_minutes east of Greenwich; 0 if the text has no offset
  bool zone(int64_t& offset_minutes) {
    char sign = 0;
    if (minus_sign()) {
      sign = '-';
    } else if (!one_of("+-", sign)) {
      one_of("Zz");
      return true;
    }
    int64_t hours = 0;
    int64_t minutes = 0;
    if (!number(2, 0, 23, hours)) return false;
    if ((one_of(":") || is_digit()) && !number(2, 0, 59, minutes)) return false;
    offset_minutes = (hours * 60 + minutes) * (sign == '-' ? -1 : 1);
    return true;
  }

  bool one_of(Text characters) {
    char found;
    return one_of(characters, found);
  }
  bool at_end() const { return rest_.empty(); }

 private:
  bool week_date(int64_t year, bool extended, int64_t& days) {
    int64_t week = 0;
    int64_t weekday = 0;
    if (!number(2, 1, weeks_in_year(year), week) || one_of("-") != extended || !number(1, 1, 7, weekday)) return false;
    days = first_monday_of(year) + (week - 1) * 7 + weekday - 1;
    return true;
  }
  bool fraction(int64_t unit, int64_t& part) {
    if (!is_digit()) return false;
    // Nine digits are enough for a millisecond, even in a fraction of an hour, and the product does not overflow.
    constexpr int64_t kScale = 1'000'000'000;
    int64_t value = 0;
    for (int64_t weight = kScale / 10; is_digit(); weight /= 10) value += (take() - '0') * weight;
    part = value * unit / kScale;
    return true;
  }
  /// Takes the minus sign U+2212, which ISO 8601 prefers to the hyphen of ASCII.
  bool minus_sign() {
    constexpr Text kMinus = "\xe2\x88\x92";
    if (rest_.length < kMinus.length || Text(rest_.data, kMinus.length) != kMinus) return false;
    rest_ = Text(rest_.data + kMinus.length, rest_.length - kMinus.length);
    return true;
  }
  bool number(unsigned count, int64_t least, int64_t most, int64_t& value) {
    value = 0;
    for (unsigned i = 0; i < count; ++i) {
      if (!is_digit()) return false;
      value = value * 10 + (take() - '0');
    }
    return value >= least && value <= most;
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
  /// Returns the number of digits that come next.
  size_t digits() const {
    size_t count = 0;
    while (count < rest_.length && rest_.data[count] >= '0' && rest_.data[count] <= '9') ++count;
    return count;
  }
  bool is_digit() const { return digits() > 0; }
  char take() {
    const char first = rest_.data[0];
    rest_ = Text(rest_.data + 1, rest_.length - 1);
    return first;
  }

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
  int64_t days = 0;
  int64_t in_day = 0;
  int64_t offset_minutes = 0;
  if (!reader.date(days) || !reader.one_of("Tt ") || !reader.time_of_day(in_day) || !reader.zone(offset_minutes) ||
      !reader.at_end()) {
    return false;
  }
  time = days * kMillisPerDay + in_day - offset_minutes * kMillisPerMinute;
  return true;
}

bool read_timestamp(JsonValue value, UnixMillis& time) {
  FixedText<kLongestDateTime> text;
  return value.get(text) && parse_timestamp(text.text(), time);
}

}  // namespace pb
