#include <stdlib.h>
#include <unity.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "features/schema/ocpp16_tables.h"
#include "features/schema/validator.h"
#include "suites.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

SchemaTables tables() { return SchemaTables(ocpp16_tables()); }

/// Validates a payload of OCPP 1.6 and compares the description of the violation; empty for a valid payload.
void assert_verdict(Text expected, Text action, Text payload, bool is_request = true,
                    Formats formats = Formats::checked) {
  const uint16_t node = tables().find(action, is_request);
  TEST_ASSERT_NOT_EQUAL_MESSAGE(SchemaTables::kAny, node, action.data);
  SchemaValidator validator(tables(), node, formats);
  char bytes[200];
  TextWriter description{Span<char>(bytes)};
  if (!validator.feed(payload) || !validator.finish()) validator.describe(description);
  TEST_ASSERT_EQUAL_STRING_LEN_MESSAGE(expected.data, bytes, expected.length, payload.data);
  TEST_ASSERT_EQUAL_size_t_MESSAGE(expected.length, description.length(), payload.data);
}

/// Validates a payload by tables that have nothing but this node, at offset 4 (firmware/FORMAT.md): for the keywords
/// that no message of OCPP 1.6 uses.
void assert_verdict_of(const char* expected, std::initializer_list<uint8_t> node, Text payload) {
  std::vector<uint8_t> table(4, 0);
  table.insert(table.end(), node);
  SchemaValidator validator(SchemaTables(Bytes{table.data(), table.size()}), 4);
  char bytes[200] = "";
  TextWriter description{Span<char>(bytes)};
  if (!validator.feed(payload) || !validator.finish()) validator.describe(description);
  TEST_ASSERT_EQUAL_STRING_MESSAGE(expected, std::string(bytes, description.length()).c_str(), payload.data);
}

bool accepts_json(Text text) {
  // Exactly the text's bytes, so that AddressSanitizer detects reads beyond it.
  char* copy = static_cast<char*>(malloc(text.length + (text.empty() ? 1 : 0)));
  memcpy(copy, text.data, text.length);
  SchemaValidator validator(SchemaTables(), SchemaTables::kAny);
  const bool accepted = validator.feed(Text(copy, text.length)) && validator.finish();
  free(copy);
  return accepted;
}

void accepts_json_of_rfc_8259() {
  const char* const texts[] = {"0",
                               "-0",
                               "1.5e+10",
                               "1E-2",
                               "0e1",
                               "true",
                               "false",
                               "null",
                               "\"\"",
                               "[]",
                               "{}",
                               " [ ] ",
                               "[[]]",
                               "{\"a\":{}}",
                               "[1 , 2]\r\n\t",
                               "{\"a\":1,\"a\":2}",
                               "\"\\u00e9\"",
                               "\"\\ud83d\\ude00\"",
                               "\"\\uDBFF\\uDFFF\"",
                               "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
                               "\"\xf4\x8f\xbf\xbf\"",
                               "\"\x7f\"",
                               "{\"\":0}",
                               "[[[[1]],{}],[]]"};
  for (const char* text : texts) TEST_ASSERT_TRUE_MESSAGE(accepts_json(text), text);
}

void rejects_other_text() {
  const Text texts[] = {"",
                        " ",
                        "[",
                        "]",
                        "[1,]",
                        "[,1]",
                        "[1 2]",
                        "[1,,2]",
                        "{\"a\"}",
                        "{\"a\":}",
                        "{\"a\":1,}",
                        "{a:1}",
                        "{,}",
                        "{\"a\":1 \"b\":2}",
                        "{1:1}",
                        "[1}",
                        "{\"a\":1]",
                        "01",
                        "-01",
                        "+1",
                        "-",
                        "1.",
                        ".5",
                        "1e",
                        "1e+",
                        "1.e1",
                        "0x1",
                        "1a",
                        "NaN",
                        "Infinity",
                        "tru",
                        "truex",
                        "True",
                        "nul",
                        "'a'",
                        "\"a",
                        "\"\\",
                        "\"\\x\"",
                        "\"\\u12\"",
                        "\"\\u12g4\"",
                        "\"\\ud800\"",
                        "\"\\ud800\\n\"",
                        "\"\\ud800\\ud800\"",
                        "\"\\ud800x\"",
                        "\"\\udc00\"",
                        "\"\n\"",
                        "\"\t\"",
                        Text("\"\0\"", 3),
                        Text("1\0", 2),
                        "\"\xff\"",
                        "\"\xc0\x80\"",
                        "\"\xed\xa0\x80\"",
                        "\"\xf4\x90\x80\x80\"",
                        "\"\xe2\x82\"",
                        "\xef\xbb\xbf{}",
                        "1 1",
                        "{} {}",
                        "[1]x",
                        "/**/1",
                        "\v1"};
  for (const Text text : texts) TEST_ASSERT_FALSE_MESSAGE(accepts_json(text), text.data);
}

void limits_the_depth() {
  TEST_ASSERT_TRUE(accepts_json("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]"));
  TEST_ASSERT_FALSE(accepts_json("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"));
}

void knows_the_actions_of_both_directions() {
  TEST_ASSERT_EQUAL_size_t(39, tables().messages());
  TEST_ASSERT_TRUE(tables().has("Authorize"));
  TEST_ASSERT_TRUE(tables().has("UpdateFirmware"));
  TEST_ASSERT_TRUE(tables().has("SignedUpdateFirmware"));
  TEST_ASSERT_FALSE(tables().has("Authoriz"));
  TEST_ASSERT_FALSE(tables().has("Authorizes"));
  TEST_ASSERT_FALSE(tables().has(""));
  TEST_ASSERT_EQUAL_UINT16(SchemaTables::kAny, tables().find("Zzz", true));
  assert_verdict("", "Heartbeat", "{}");
  assert_verdict("required currentTime at byte 1", "Heartbeat", "{}", false);
}

void names_pointer_keyword_and_offset() {
  assert_verdict("type at byte 0", "Authorize", "[]");
  assert_verdict("required idTag at byte 1", "Authorize", "{}");
  assert_verdict("/idTag type at byte 9", "Authorize", "{\"idTag\":1}");
  assert_verdict("/idTag maxLength at byte 30", "Authorize", "{\"idTag\":\"123456789012345678901\"}");
  assert_verdict("additionalProperties at byte 16", "Authorize", "{\"idTag\":\"1\",\"id\":1}");
  assert_verdict("additionalProperties at byte 20", "Authorize", "{\"idTag\":\"1\",\"idTag2\":1}");
  assert_verdict("/idTag duplicate at byte 19", "Authorize", "{\"idTag\":\"1\",\"idTag\":\"1\"}");
  assert_verdict("/type enum at byte 33", "ChangeAvailability", "{\"connectorId\":1,\"type\":\"Operativ\"}");
  assert_verdict("JSON: text ends inside a value at byte 12", "Authorize", "{\"idTag\":\"1\"");
  assert_verdict(
      "/meterValue/1/sampledValue minItems at byte 151", "MeterValues",
      "{\"connectorId\":1,\"meterValue\":[{\"timestamp\":\"2024-01-01T00:00:00Z\",\"sampledValue\":[{\"value\":"
      "\"1\"}]},{\"timestamp\":\"2024-01-01T00:00:00Z\",\"sampledValue\":[]}]}");
}

void names_and_values_may_be_escaped() {
  assert_verdict("", "ChangeAvailability", "{\"conn\\u0065ctorId\":1,\"type\":\"\\u004fperative\"}");
  assert_verdict("", "Authorize", "{\"idTag\":\"\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00\"}");
}

/// The limit counts characters, not bytes.
void counts_characters() {
  assert_verdict("", "Authorize",
                 "{\"idTag\":\"\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
                 "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
                 "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\"}");
}

void judges_multiples_on_decimal_digits() {
  const char* const multiples[] = {"21.4",  "0.3",   "0",    "0.0",    "-1.1", "12E-1",
                                   "10e-2", "1e400", "0e-9", "1.5000", "100",  "123456789012345678901234567890.5"};
  const char* const others[] = {"0.25", "1e-2", "0.10000000000000000001", "21.449", "12e-2", "1e-400"};
  char payload[200];
  const auto write = [&payload](const char* number) {
    TextWriter writer{Span<char>(payload)};
    writer.append_all("{\"status\":\"Accepted\",\"chargingSchedule\":{\"chargingRateUnit\":\"A\",\"minChargingRate\":",
                      number, ",\"chargingSchedulePeriod\":[]}}");
    return writer.text();
  };
  for (const char* number : multiples) assert_verdict("", "GetCompositeSchedule", write(number), false);
  for (const char* number : others) {
    const Text text = write(number);
    SchemaValidator validator(tables(), tables().find("GetCompositeSchedule", false));
    TEST_ASSERT_FALSE_MESSAGE(validator.feed(text), number);
    TEST_ASSERT_EQUAL(SchemaKeyword::multiple_of, validator.violation());
  }
}

/// Draft 4, which the core schemas of 1.6 use, excludes 1.0 from integers.
void an_integer_of_draft_4_has_neither_fraction_nor_exponent() {
  assert_verdict("", "UnlockConnector", "{\"connectorId\":-12345678901234567890}");
  assert_verdict("/connectorId type at byte 18", "UnlockConnector", "{\"connectorId\":1.0}");
  assert_verdict("/connectorId type at byte 18", "UnlockConnector", "{\"connectorId\":1e0}");
}

void judges_formats_unless_they_are_ignored() {
  assert_verdict("", "Heartbeat", "{\"currentTime\":\"2016-12-31T18:59:60.25-05:00\"}", false);
  assert_verdict("/currentTime format at byte 35", "Heartbeat", "{\"currentTime\":\"2016-12-31T18:59:59\"}", false);
  assert_verdict("/currentTime format at byte 26", "Heartbeat", "{\"currentTime\":\"2023-02-29T00:00:00Z\"}", false);
  assert_verdict("", "Heartbeat", "{\"currentTime\":\"yesterday\"}", false, Formats::ignored);
  assert_verdict("", "GetDiagnostics", "{\"location\":\"ftp://u:p@[::1]:21/a%20b\"}");
  assert_verdict("/location format at byte 13", "GetDiagnostics", "{\"location\":\"/a/b\"}");
  assert_verdict("/location format at byte 16", "GetDiagnostics", "{\"location\":\"ftp\"}");
}

void an_integer_has_a_minimum_and_a_maximum() {
  const auto check = [](const char* expected, const char* payload) {
    assert_verdict_of(expected, {5, SchemaTables::kHasMinimum | SchemaTables::kHasMaximum, 1, 0, 9, 0, 0}, payload);
  };
  check("", "1");
  check("", "9");
  check("", "10e-1");
  check("", "2.0");
  check("minimum at byte 1", "0");
  check("minimum at byte 2", "-5");
  check("maximum at byte 2", "10");
  check("type at byte 3", "1.5");
  check("type at byte 0", "\"1\"");
}

void a_number_has_the_limits_of_its_flags() {
  // The minimum is -300, the maximum 256, and 10 divides the number.
  const auto check = [](const char* expected, uint8_t flags, const char* payload) {
    assert_verdict_of(expected, {7, flags, 0xd4, 0xfe, 0, 1, 1}, payload);
  };
  check("", 0, "-1e9");
  check("", 0, "1e9");
  check("", SchemaTables::kHasMinimum, "-300");
  check("", SchemaTables::kHasMinimum, "1e9");
  check("minimum at byte 6", SchemaTables::kHasMinimum, "-300.1");
  check("", SchemaTables::kHasMaximum, "256.0");
  check("", SchemaTables::kHasMaximum, "-1e9");
  check("maximum at byte 5", SchemaTables::kHasMaximum, "256.1");
  check("", SchemaTables::kHasMultiple, "-1230");
  check("multipleOf at byte 5", SchemaTables::kHasMultiple, "-1231");
}

void a_boolean_is_true_or_false() {
  assert_verdict_of("", {8}, "true");
  assert_verdict_of("", {8}, "false");
  for (const char* other : {"null", "0", "\"true\"", "[]", "{}"}) assert_verdict_of("type at byte 0", {8}, other);
}

void an_array_has_at_most_max_items() {
  const auto check = [](const char* expected, const char* payload) {
    assert_verdict_of(expected, {2, 1, 0, 2, 0, 0, 0}, payload);
  };
  check("", "[1]");
  check("", "[[],{}]");
  check("minItems at byte 1", "[]");
  check("maxItems at byte 5", "[1,2,3]");
}

/// 65,535 means no limit, and is the last value of the counter.
void an_array_without_a_limit_has_any_number_of_items() {
  std::string items = "[0";
  for (size_t i = 0; i < 70'000; ++i) items += ",0";
  assert_verdict_of("", {2, 1, 0, 0xff, 0xff, 0, 0}, (items + "]").c_str());
}

/// The pointer ends where no schema applies.
void below_an_unknown_property_only_the_json_text_can_be_wrong() {
  const auto check = [](const char* expected, const char* payload) {
    // An open object with the property `a`, an array of arrays of any values.
    assert_verdict_of(expected,
                      {1, 0, 1, 0, 12, 0, 13, 0, 'a' | 0x80, 2, 0, 0, 0xff, 0xff, 20, 0, 2, 0, 0, 0xff, 0xff, 0, 0},
                      payload);
  };
  check("", "{\"b\":{\"a\":[1,\"\",null,1.5,true]},\"a\":[[1,[\"x\"]]]}");
  check("JSON: expected a value at byte 8", "{\"b\":[1,}");
  check("JSON: expected a value at byte 9", "{\"b\":[[1,}");
  check("/a/1/2 JSON: expected a value at byte 15", "{\"a\":[[],[0,0,[}");
  check("/a/0 type at byte 6", "{\"a\":[1]}");
}

void a_name_that_begins_like_a_property_is_another_one() {
  const std::string names[] = {
      "", "idTa", "idTb", "idTag\\u0000", "idTag\xc3\xa9", "\xc3\xa9", "idTag" + std::string(300, 'g')};
  for (const std::string& name : names) {
    const std::string payload = "{\"" + name + "\":1}";
    const std::string expected = "additionalProperties at byte " + std::to_string(name.size() + 2);
    assert_verdict(expected.c_str(), "Authorize", payload.c_str());
  }
}

void a_violation_remains_the_first_one() {
  SchemaValidator validator(tables(), tables().find("Authorize", true));
  TEST_ASSERT_EQUAL_STRING("none", name_of(validator.violation()));
  TEST_ASSERT_FALSE(validator.feed("{\"idTag\":1"));
  TEST_ASSERT_FALSE(validator.feed("]"));
  TEST_ASSERT_FALSE(validator.finish());
  TEST_ASSERT_EQUAL_STRING("type", name_of(validator.violation()));
  TEST_ASSERT_EQUAL_size_t(9, validator.offset());
}

/// Every prefix of a table is read without leaving it, and so is the table with any byte changed.
void damaged_tables_are_read_within_their_bytes() {
  const Bytes whole = ocpp16_tables();
  constexpr Text kPayload =
      "{\"connectorId\":1,\"idTag\":\"1\",\"meterStart\":1,\"reservationId\":0,\"timestamp\":\"2024-01-01T00:00:00Z\"}";
  for (size_t length = 0; length < whole.length; length += 7) {
    auto* copy = static_cast<uint8_t*>(malloc(length + 1));
    memcpy(copy, whole.data, length);
    if (length > 6) copy[length * 31 % length] = 0xff;
    const SchemaTables damaged(Bytes{copy, length});
    SchemaValidator validator(damaged, damaged.find("StartTransaction", true));
    if (!validator.feed(kPayload) || !validator.finish()) {
      char bytes[200];
      TextWriter writer{Span<char>(bytes)};
      validator.describe(writer);
    }
    free(copy);
  }
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(accepts_json_of_rfc_8259);
  RUN_TEST(rejects_other_text);
  RUN_TEST(limits_the_depth);
  RUN_TEST(knows_the_actions_of_both_directions);
  RUN_TEST(names_pointer_keyword_and_offset);
  RUN_TEST(names_and_values_may_be_escaped);
  RUN_TEST(counts_characters);
  RUN_TEST(judges_multiples_on_decimal_digits);
  RUN_TEST(an_integer_of_draft_4_has_neither_fraction_nor_exponent);
  RUN_TEST(judges_formats_unless_they_are_ignored);
  RUN_TEST(an_integer_has_a_minimum_and_a_maximum);
  RUN_TEST(a_number_has_the_limits_of_its_flags);
  RUN_TEST(a_boolean_is_true_or_false);
  RUN_TEST(an_array_has_at_most_max_items);
  RUN_TEST(an_array_without_a_limit_has_any_number_of_items);
  RUN_TEST(below_an_unknown_property_only_the_json_text_can_be_wrong);
  RUN_TEST(a_name_that_begins_like_a_property_is_another_one);
  RUN_TEST(a_violation_remains_the_first_one);
  RUN_TEST(damaged_tables_are_read_within_their_bytes);
  run_format_tests();
  run_decimal_number_tests();
  return UNITY_END();
}
