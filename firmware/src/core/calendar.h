#pragma once

#include <stdint.h>

namespace pb {

/// A day of the proleptic Gregorian calendar.
struct Date {
  int64_t year = 0;
  int64_t month = 0;
  int64_t day = 0;
};

/// Returns the days from 1970-01-01 to `date`.
int64_t days_of(Date date);
/// Returns the date `days` days after 1970-01-01.
Date date_of(int64_t days);

bool is_leap(int64_t year);
int64_t days_in_month(int64_t year, int64_t month);
/// Returns the weeks in a year of ISO 8601: 52 or 53.
int64_t weeks_in_year(int64_t year);
/// Returns the days from 1970-01-01 to the Monday of week 1, the week of January 4 (ISO 8601).
int64_t first_monday_of(int64_t year);

}  // namespace pb
