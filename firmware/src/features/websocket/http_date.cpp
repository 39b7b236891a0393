#include "features/websocket/http_date.h"

#include "core/decimal.h"

namespace pb {

namespace {

constexpr Text kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool read_number(Text text, size_t at, size_t digits, uint64_t& number) {
  return parse_decimal_unsigned({text.data + at, digits}, number);
}

/// Days from 1970-01-01 in the Gregorian calendar. A year that begins in March has its leap day at the end.
int64_t days_to(int64_t year, int64_t month, int64_t day) {
  const int64_t years = month > 2 ? year : year - 1;
  const int64_t months = (month + 9) % 12;
  return years * 365 + years / 4 - years / 100 + years / 400 + (months * 306 + 5) / 10 + (day - 1) - 719'468;
}

}  // namespace

bool parse_http_date(Text text, int64_t& unix_s) {
  constexpr Text kShape = "Sun, 06 Nov 1994 08:49:37 GMT";
  if (text.length != kShape.length || Text(text.data + 25, 4) != " GMT" || Text(text.data + 3, 2) != ", ") return false;
  if (text.data[19] != ':' || text.data[22] != ':') return false;
  uint64_t day = 0;
  uint64_t year = 0;
  uint64_t hour = 0;
  uint64_t minute = 0;
  uint64_t second = 0;
  if (!read_number(text, 5, 2, day) || !read_number(text, 12, 4, year) || !read_number(text, 17, 2, hour) ||
      !read_number(text, 20, 2, minute) || !read_number(text, 23, 2, second)) {
    return false;
  }
  int64_t month = 0;
  for (int64_t i = 0; i < 12; ++i) {
    if (Text(text.data + 8, 3) == kMonths[i]) month = i + 1;
  }
  if (month == 0 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return false;
  unix_s = days_to(static_cast<int64_t>(year), month, static_cast<int64_t>(day)) * 86'400 +
           static_cast<int64_t>(hour * 3600 + minute * 60 + second);
  return true;
}

}  // namespace pb
