#include "features/websocket/http_date.h"

namespace pb {

namespace {

constexpr Text kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// The dates after the day of the week: IMF-fixdate, RFC 850 and asctime. Small letters stand for digits, `nnn` for
/// the name of a month.
constexpr Text kShapes[] = {"dd nnn yyyy hh:mm:ss GMT", "dd-nnn-yy hh:mm:ss GMT", "nnn dd hh:mm:ss yyyy"};

constexpr bool is_placeholder(char character) { return character >= 'a' && character <= 'z'; }

/// Days from 1970-01-01 in the Gregorian calendar. A year that begins in March has its leap day at the end.
int64_t days_to(int64_t year, int64_t month, int64_t day) {
  const int64_t years = month > 2 ? year : year - 1;
  const int64_t months = (month + 9) % 12;
  return years * 365 + years / 4 - years / 100 + years / 400 + (months * 306 + 5) / 10 + (day - 1) - 719'468;
}

struct Date {
  int64_t year = 0;
  int64_t month = 0;
  int64_t day = 0;
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;

  int64_t* number(char placeholder) {
    switch (placeholder) {
      case 'y':
        return &year;
      case 'd':
        return &day;
      case 'h':
        return &hour;
      case 'm':
        return &minute;
      default:
        return &second;
    }
  }
  bool is_valid() const { return month != 0 && day >= 1 && day <= 31 && hour <= 23 && minute <= 59 && second <= 60; }
};

bool read(Text text, Text shape, Date& date) {
  if (text.length != shape.length) return false;
  date = Date();
  for (size_t i = 0; i < text.length; ++i) {
    const char wanted = shape.data[i];
    const char found = text.data[i];
    if (wanted == 'n') {
      for (size_t month = 0; month < 12; ++month) {
        if (Text(text.data + i, 3) == kMonths[month]) date.month = static_cast<int64_t>(month) + 1;
      }
      i += 2;
    } else if (is_placeholder(wanted)) {
      int64_t& number = *date.number(wanted);
      const bool is_padding = wanted == 'd' && found == ' ' && number == 0;  // asctime
      if (!is_padding && (found < '0' || found > '9')) return false;
      number = is_padding ? 0 : number * 10 + (found - '0');
    } else if (found != wanted) {
      return false;
    }
  }
  if (date.year < 100) date.year += 2000;
  return date.is_valid();
}

}  // namespace

bool parse_http_date(Text text, int64_t& unix_s) {
  const size_t blank = find(text, ' ');
  if (blank == text.length) return false;
  const Text date_text{text.data + blank + 1, text.length - blank - 1};
  for (const Text shape : kShapes) {
    Date date;
    if (!read(date_text, shape, date)) continue;
    unix_s = days_to(date.year, date.month, date.day) * 86'400 + date.hour * 3600 + date.minute * 60 + date.second;
    return true;
  }
  return false;
}

}  // namespace pb
