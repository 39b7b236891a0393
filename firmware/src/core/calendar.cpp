#include "core/calendar.h"

namespace pb {

namespace {

// Days are counted from 0000-03-01 of the proleptic Gregorian calendar. A year that begins in March has its leap day at
// the end, so one linear formula gives the days before each month. An era is 400 years, after which the calendar
// repeats.
constexpr int64_t kDaysPerEra = 146'097;
constexpr int64_t kDaysTo1970 = 719'468;

/// @return 0 for Monday to 6 for Sunday.
int64_t weekday_of(int64_t days) {
  const int64_t from_monday = (days + 3) % 7;  // 1970-01-01 was a Thursday
  return from_monday >= 0 ? from_monday : from_monday + 7;
}

}  // namespace

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

int64_t days_in_month(int64_t year, int64_t month) {
  if (month == 2) return is_leap(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

int64_t first_monday_of(int64_t year) {
  const int64_t january_4 = days_of({year, 1, 4});
  return january_4 - weekday_of(january_4);
}

int64_t weeks_in_year(int64_t year) { return (first_monday_of(year + 1) - first_monday_of(year)) / 7; }

}  // namespace pb
