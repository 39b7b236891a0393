#include "features/websocket/http_date.h"

#include "core/calendar.h"

namespace pb {

namespace {

constexpr Text kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// The dates after the day of the week: IMF-fixdate, RFC 850 and asctime. Small letters stand for digits, `nnn` for
/// the name of a month.
constexpr Text kRfc850 = "dd-nnn-yy hh:mm:ss GMT";
constexpr Text kShapes[] = {"dd nnn yyyy hh:mm:ss GMT", kRfc850, "nnn dd hh:mm:ss yyyy"};

constexpr bool is_placeholder(char character) { return character >= 'a' && character <= 'z'; }

struct Moment {
  Date date;
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;

  int64_t* number(char placeholder) {
    switch (placeholder) {
      case 'y':
        return &date.year;
      case 'd':
        return &date.day;
      case 'h':
        return &hour;
      case 'm':
        return &minute;
      default:
        return &second;
    }
  }
  bool is_valid() const {
    return date.month != 0 && date.day >= 1 && date.day <= 31 && hour <= 23 && minute <= 59 && second <= 60;
  }
};

bool read(Text text, Text shape, Moment& moment) {
  if (text.length != shape.length) return false;
  moment = Moment();
  for (size_t i = 0; i < text.length; ++i) {
    const char wanted = shape.data[i];
    const char found = text.data[i];
    if (wanted == 'n') {
      for (size_t month = 0; month < 12; ++month) {
        if (Text(text.data + i, 3) == kMonths[month]) moment.date.month = static_cast<int64_t>(month) + 1;
      }
      i += 2;
    } else if (is_placeholder(wanted)) {
      int64_t& number = *moment.number(wanted);
      const bool is_padding = wanted == 'd' && found == ' ' && number == 0;  // asctime
      if (!is_padding && !is_digit(found)) return false;
      number = is_padding ? 0 : number * 10 + (found - '0');
    } else if (found != wanted) {
      return false;
    }
  }
  return moment.is_valid();
}

}  // namespace

bool parse_http_date(Text text, int64_t& unix_s) {
  const size_t blank = find(text, ' ');
  if (blank == text.length) return false;
  const Text date_text{text.data + blank + 1, text.length - blank - 1};
  for (const Text shape : kShapes) {
    Moment moment;
    if (!read(date_text, shape, moment)) continue;
    if (shape == kRfc850) moment.date.year += moment.date.year < 70 ? 2000 : 1900;  // as POSIX strptime() does
    unix_s = days_of(moment.date) * 86'400 + moment.hour * 3600 + moment.minute * 60 + moment.second;
    return true;
  }
  return false;
}

}  // namespace pb
