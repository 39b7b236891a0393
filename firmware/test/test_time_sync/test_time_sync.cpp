#include "features/time_sync/time_sync.h"
#include "support/check.h"
#include "support/fake_clock.h"
#include "support/fake_storage.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

void check_format(const char* expected, UnixMillis time) { check_text(expected, format_timestamp(time).text()); }

void check_parse(UnixMillis expected, Text text) {
  UnixMillis time = -1;
  TEST_ASSERT_TRUE_MESSAGE(parse_timestamp(text, time), text.data);
  TEST_ASSERT_EQUAL_INT64(expected, time);
}

void check_rejected(Text text) {
  UnixMillis time = 77;
  TEST_ASSERT_FALSE_MESSAGE(parse_timestamp(text, time), text.data);
  TEST_ASSERT_EQUAL_INT64(77, time);
}

// The expected values are from `date -u -d ... +%s`.
void timestamps_are_formatted() {
  check_format("1970-01-01T00:00:00.000Z", 0);
  check_format("1969-12-31T23:59:59.999Z", -1);
  check_format("2000-02-29T12:34:56.789Z", 951827696789);
  check_format("2024-12-31T23:59:59.000Z", 1735689599000);
  check_format("2100-03-01T00:00:00.000Z", 4107542400000);
  check_format("9999-12-31T23:59:59.999Z", INT64_MAX);
  check_format("0000-01-01T00:00:00.000Z", INT64_MIN);
}

void timestamps_are_parsed() {
  check_parse(0, "1970-01-01T00:00:00Z");
  check_parse(951827696789, "2000-02-29T12:34:56.789Z");
  check_parse(951827696789, "2000-02-29t12:34:56.789999999z");
  check_parse(951827696700, "2000-02-29T12:34:56.7Z");
  check_parse(951827696000, "2000-02-29T14:04:56+01:30");
  check_parse(951827696000, "2000-02-28T23:34:56-13:00");
  check_parse(951827696000, "2000-02-29 12:34:56Z");
  check_parse(1483228799000, "2016-12-31T23:59:60Z");
  check_parse(-62167219200000, "0000-01-01T00:00:00Z");
}

void every_offset_format_of_iso_8601_is_parsed() {
  constexpr UnixMillis kTen = 1795860000000;  // 2026-11-28T10:00:00Z
  check_parse(kTen, "2026-11-28T10:00:00");
  check_parse(kTen, "2026-11-28T10:00:00+0000");
  check_parse(kTen, "2026-11-28T10:00:00-00");
  check_parse(kTen, "2026-11-28t10:00:00z");
  check_parse(kTen, "2026-11-28T11:00:00+01");
  check_parse(kTen, "2026-11-28T15:30:00+0530");
  check_parse(kTen, "2026-11-28 00:30:00-09:30");
  check_parse(kTen, "2026-11-28 00:30:00\u221209:30");
  check_parse(kTen, "20261128T05\u221205");
  check_parse(kTen, "2026-11-29T00:00:00+14");
}

void times_may_be_short_or_have_a_fraction_of_any_length() {
  constexpr UnixMillis kTen = 1795860000000;  // 2026-11-28T10:00:00Z
  check_parse(kTen, "2026-11-28T10:00Z");
  check_parse(kTen, "2026-11-28T10");
  check_parse(kTen + 123, "2026-11-28T10:00:00,123Z");
  check_parse(kTen + 123, "2026-11-28T10:00:00.1234567Z");
  check_parse(kTen + 999, "2026-11-28T10:00:00.99999999999999999999999999999999999999999999999999");
  check_parse(kTen + 30'000, "2026-11-28T10:00.5Z");
  check_parse(kTen + 15 * 60'000, "2026-11-28T10,25Z");
  check_parse(kTen + 14 * 3'600'000, "2026-11-28T24:00:00Z");
  check_parse(kTen + 14 * 3'600'000, "2026-11-28T24:00");
  check_parse(1483228799500, "2016-12-31T23:59:60.5Z");
}

void dates_may_be_basic_ordinal_or_by_week() {
  constexpr UnixMillis kTen = 1795860000000;  // 2026-11-28T10:00:00Z
  for (const char* text : {"20261128T100000Z", "20261128T1000", "20261128T10", "20261128T11:00:00+01",
                           "2026-332T10:00Z", "2026332T1000Z", "2026-W48-6T10:00:00Z", "2026W486T100000Z"}) {
    check_parse(kTen, text);
  }
  check_parse(1735516800000, "2025-W01-1T00:00Z");  // 2024-12-30
  check_parse(1609632000000, "2020-W53-7T00:00Z");  // 2021-01-03
  check_parse(1735603200000, "2024-366T00:00Z");    // 2024-12-31
}

void timestamp_is_read_out_of_a_json_string_only() {
  JsonError error;
  UnixMillis time = 77;
  for (const char* json : {"1795860000", "null", "{}", "[\"2026-11-28T10:00:00Z\"]", "\"\"", "true"}) {
    TEST_ASSERT_FALSE_MESSAGE(read_timestamp(parse_json(json, error), time), json);
  }
  TEST_ASSERT_FALSE(read_timestamp(JsonValue(), time));
  TEST_ASSERT_EQUAL_INT64(77, time);
  TEST_ASSERT_TRUE(read_timestamp(parse_json("\"2026-11-28T10\\u003a00:00\"", error), time));
  TEST_ASSERT_EQUAL_INT64(1795860000000, time);
}

void invalid_timestamps_are_rejected() {
  const char* const texts[] = {"",
                               "2000-02-29",
                               "2000-02-30T12:34:56Z",
                               "2001-02-29T12:34:56Z",
                               "1900-02-29T00:00:00Z",
                               "2000-13-01T00:00:00Z",
                               "2000-00-01T00:00:00Z",
                               "2000-01-00T00:00:00Z",
                               "2000-01-01T00:60:00Z",
                               "2000-01-01T00:00:61Z",
                               "2000-01-01T00:00:00.Z",
                               "2000-01-01T00:00:00Z ",
                               "2000-01-01T00:00:00+1:00",
                               "2000-1-01T00:00:00Z",
                               "20000-01-01T00:00:00Z",
                               "2000-0101T00:00:00Z",
                               "200001-01T00:00:00Z",
                               "2000-01-01T",
                               "2000-01-01T25Z",
                               "2000-01-01T24:00:00.001Z",
                               "2000-01-01T24:01Z",
                               "2000-01-01T00:0000Z",
                               "2000-01-01T0000:00Z",
                               "2000-01-01T00:00:00,Z",
                               "2000-01-01T00:00:00+010",
                               "2000-01-01T00:00:00+01:",
                               "2000-01-01T00:00:00+24:00",
                               "2000-01-01T00:00:00 Z",
                               "2001-366T00:00:00Z",
                               "2000-000T00:00:00Z",
                               "2021-W53-1T00:00:00Z",
                               "2020-W00-1T00:00:00Z",
                               "2020-W01-8T00:00:00Z",
                               "2020-W011T00:00:00Z",
                               "2026/11/28T10:00:00Z",
                               "28.11.2026 10:00:00",
                               "1795860000"};
  for (const char* text : texts) check_rejected(text);
}

void every_day_of_four_centuries_survives_the_round_trip() {
  constexpr UnixMillis kDay = 86'400'000;
  for (UnixMillis time = 12 * kDay / 24; time < 400 * 366 * kDay; time += kDay) {
    UnixMillis back = 0;
    TEST_ASSERT_TRUE(parse_timestamp(format_timestamp(time).text(), back));
    TEST_ASSERT_EQUAL_INT64(time, back);
  }
}

void without_any_source_time_counts_from_1970() {
  FakeClock clock;
  FakeStorage storage;
  TimeSync time(clock, storage);
  time.restore();
  clock.set(1500);
  check_text("1970-01-01T00:00:01.500Z", time.timestamp().text());
  check_text("none", name_of(time.quality()));
  TEST_ASSERT_EQUAL_UINT64(kNever, time.poll(clock.now()));
}

void time_continues_from_that_of_the_csms() {
  FakeClock clock;
  FakeStorage storage;
  TimeSync time(clock, storage);
  clock.set(5000);
  time.set_from_csms(1709210096789);
  clock.advance(211);
  check_text("2024-02-29T12:34:57.000Z", time.timestamp().text());
  TEST_ASSERT_EQUAL_INT64(1709210091789, time.at(0));
  check_text("csms", name_of(time.quality()));
}

void a_restart_continues_from_the_last_known_time() {
  FakeStorage storage;
  {
    FakeClock clock;
    TimeSync time(clock, storage);
    time.set_from_csms(1709210096789);
    TEST_ASSERT_EQUAL_UINT64(TimeSync::kSaveInterval, time.poll(clock.now()));
    storage.run_all();
  }
  FakeClock clock;
  TimeSync time(clock, storage);
  time.restore();
  check_text("2024-02-29T12:34:56.789Z", time.timestamp().text());
  check_text("last_known", name_of(time.quality()));
  TEST_ASSERT_EQUAL_UINT64(kNever, time.poll(0));
}

/// Messages of the last boot are later than the time that is stored once an hour.
void a_restart_continues_from_a_later_time_that_is_known() {
  FakeClock clock;
  FakeStorage storage;
  TimeSync time(clock, storage);
  clock.set(500);
  for (const UnixMillis unusable : {UnixMillis{0}, TimeSync::kEarliest - 1, TimeSync::kLatest + 1}) {
    time.advance_to(unusable);
    check_text("none", name_of(time.quality()));
  }
  time.advance_to(1709210096789);
  TEST_ASSERT_EQUAL_INT64(1709210096789, time.now());
  check_text("last_known", name_of(time.quality()));
  time.advance_to(1709210000000);
  TEST_ASSERT_EQUAL_INT64(1709210096789, time.now());
  time.set_from_csms(1709210000000);
  time.advance_to(1709210096789);
  TEST_ASSERT_EQUAL_INT64(1709210000000, time.now());
}

void the_time_is_stored_once_an_hour_and_not_with_each_heartbeat() {
  FakeClock clock;
  FakeStorage storage;
  TimeSync time(clock, storage);
  int writes = 0;
  for (int minute = 0; minute < 180; ++minute) {
    time.set_from_csms(1'700'000'000'000 + minute * 60'000);
    time.poll(clock.now());
    while (storage.run_one()) ++writes;
    clock.advance(60'000);
  }
  TEST_ASSERT_EQUAL(3, writes);
}

void a_write_to_a_busy_storage_is_retried() {
  FakeClock clock;
  FakeStorage storage;
  TimeSync time(clock, storage);
  while (storage.write("x", Text("y").bytes(), {})) {
  }
  time.set_from_csms(TimeSync::kEarliest);
  const Millis again = time.poll(0);
  TEST_ASSERT_TRUE(again > 0 && again < 60'000);
  storage.run_all();
  time.poll(again);
  TEST_ASSERT_EQUAL_size_t(1, storage.waiting());
}

void a_time_before_this_firmware_is_ignored() {
  FakeClock clock;
  FakeStorage storage;
  TimeSync time(clock, storage);
  TEST_ASSERT_FALSE(time.set_from_csms(0));
  TEST_ASSERT_FALSE(time.set_from_csms(-62'135'596'800'000));  // the year 1
  TEST_ASSERT_FALSE(time.set_from_csms(TimeSync::kEarliest - 1));
  check_text("none", name_of(time.quality()));
  TEST_ASSERT_TRUE(time.set_from_csms(TimeSync::kEarliest));
  TEST_ASSERT_FALSE(time.set_from_csms(0));
  check_text("csms", name_of(time.quality()));
  check_text("2020-01-01T00:00:00.000Z", time.timestamp().text());
}

/// A charge that has a timestamp of the year 9999 could not go back to the right time.
void a_time_after_2100_is_ignored() {
  FakeClock clock;
  FakeStorage storage;
  TimeSync time(clock, storage);
  TEST_ASSERT_FALSE(time.set_from_csms(253'402'300'799'000));  // the end of the year 9999
  TEST_ASSERT_FALSE(time.set_from_csms(TimeSync::kLatest + 1));
  check_text("none", name_of(time.quality()));
  TEST_ASSERT_TRUE(time.set_from_csms(TimeSync::kLatest));
}

void an_invalid_stored_time_is_ignored() {
  for (const char* stored : {"soon", "9999-12-31T23:59:59.000Z", "1970-01-01T00:00:00.000Z"}) {
    FakeClock clock;
    FakeStorage storage;
    storage.files["last_time"] = stored;
    TimeSync time(clock, storage);
    time.restore();
    TEST_ASSERT_TRUE_MESSAGE(time.quality() == TimeQuality::none, stored);
  }
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(timestamps_are_formatted);
  RUN_TEST(timestamps_are_parsed);
  RUN_TEST(every_offset_format_of_iso_8601_is_parsed);
  RUN_TEST(times_may_be_short_or_have_a_fraction_of_any_length);
  RUN_TEST(dates_may_be_basic_ordinal_or_by_week);
  RUN_TEST(timestamp_is_read_out_of_a_json_string_only);
  RUN_TEST(invalid_timestamps_are_rejected);
  RUN_TEST(every_day_of_four_centuries_survives_the_round_trip);
  RUN_TEST(without_any_source_time_counts_from_1970);
  RUN_TEST(time_continues_from_that_of_the_csms);
  RUN_TEST(a_restart_continues_from_the_last_known_time);
  RUN_TEST(a_restart_continues_from_a_later_time_that_is_known);
  RUN_TEST(the_time_is_stored_once_an_hour_and_not_with_each_heartbeat);
  RUN_TEST(a_write_to_a_busy_storage_is_retried);
  RUN_TEST(a_time_before_this_firmware_is_ignored);
  RUN_TEST(a_time_after_2100_is_ignored);
  RUN_TEST(an_invalid_stored_time_is_ignored);
  return UNITY_END();
}
