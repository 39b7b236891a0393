#include <stdlib.h>
#include <unity.h>

#include "core/json_reader.h"
#include "core/json_writer.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

/// Parses a copy of exactly the text's length, so that AddressSanitizer detects reads beyond it.
bool accepts(Text text) {
  char* copy = static_cast<char*>(malloc(text.length + (text.empty() ? 1 : 0)));
  memcpy(copy, text.data, text.length);
  JsonError error;
  bool accepted = parse_json({copy, text.length}, error).exists();
  free(copy);
  return accepted;
}

JsonValue parsed(Text text) {
  JsonError error;
  JsonValue value = parse_json(text, error);
  TEST_ASSERT_TRUE_MESSAGE(value.exists(), error.reason);
  return value;
}

void assert_text(Text expected, Text actual) {
  TEST_ASSERT_EQUAL_size_t(expected.length, actual.length);
  TEST_ASSERT_EQUAL_MEMORY_ARRAY(expected.data, actual.data, 1, expected.length);
}

void accepts_json_of_rfc_8259() {
  const char* const texts[] = {"0",
                               "-0",
                               "1.5e+10",
                               "1E-2",
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
                               "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
                               "\"\xf4\x8f\xbf\xbf\"",
                               "\"\x7f\"",
                               "{\"\":0}",
                               "[[[[1]],{}],[]]"};
  for (const char* text : texts) TEST_ASSERT_TRUE_MESSAGE(accepts(text), text);
}

void rejects_other_texts() {
  const char* const texts[] = {"",
                               " ",
                               "01",
                               "-",
                               "+1",
                               "1.",
                               ".5",
                               "1e",
                               "1e+",
                               "0x1",
                               "NaN",
                               "Infinity",
                               "-a",
                               "tru",
                               "True",
                               "nulls",
                               "[",
                               "[1",
                               "[1,",
                               "[1,]",
                               "[,1]",
                               "[1 2]",
                               "]",
                               "{",
                               "{\"a\"",
                               "{\"a\":",
                               "{\"a\":1,}",
                               "{a:1}",
                               "{1:1}",
                               "{\"a\" 1}",
                               "{\"a\":}",
                               "{]",
                               "[}",
                               "1 2",
                               "[]]",
                               "\"",
                               "\"a",
                               "\"\\\"",
                               "\"\\x\"",
                               "\"\\u12\"",
                               "\"\\u12g4\"",
                               "\"\\ud800\"",
                               "\"\\udc00\"",
                               "\"\\ud800\\u0041\"",
                               "\"\\ud800\\ud800\"",
                               "\"\n\"",
                               "\"\x1f\"",
                               "\"\x80\"",
                               "\"\xc0\xaf\"",
                               "\"\xed\xa0\x80\"",
                               "\"\xf4\x90\x80\x80\"",
                               "\"\xe2\x82\"",
                               "\xef\xbb\xbf[]",
                               "'a'",
                               "[1]/**/"};
  for (const char* text : texts) TEST_ASSERT_FALSE_MESSAGE(accepts(text), text);
  TEST_ASSERT_FALSE(accepts({"[\0]", 3}));
  TEST_ASSERT_FALSE(accepts({"\"\0\"", 3}));
}

void every_prefix_of_a_text_is_rejected() {
  Text whole = "[2,\"id-1\",\"Boot\\ud83d\\ude00\",{\"a\":[1.5e3,-0,true,null,\"\\u00e9\\n\"],\"b\":{\"c\":{}}}]";
  TEST_ASSERT_TRUE(accepts(whole));
  for (size_t length = 0; length < whole.length; ++length) TEST_ASSERT_FALSE(accepts({whole.data, length}));
}

void one_changed_byte_never_reads_outside() {
  Text whole = "{\"a\":[1.5,\"\\u00e9\\ud83d\\ude00\",{\"b\":null}],\"c\":\"\xc3\xa9\"}";
  char copy[80];
  for (size_t i = 0; i < whole.length; ++i) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      memcpy(copy, whole.data, whole.length);
      copy[i] = static_cast<char>(byte);
      JsonError error;
      JsonValue value = parse_json({copy, whole.length}, error);
      char into[40];
      size_t length = 0;
      value.path("a.1").unescape(into, length);
      value.path("a.2.b").kind();
      if (!value.exists()) TEST_ASSERT_LESS_OR_EQUAL_size_t(whole.length, error.offset);
    }
  }
}

void depth_has_a_limit() {
  char text[2 * (kMaxJsonDepth + 1)];
  for (unsigned depth = kMaxJsonDepth; depth <= kMaxJsonDepth + 1; ++depth) {
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    TEST_ASSERT_EQUAL(depth == kMaxJsonDepth, accepts({text, 2 * depth}));
  }
}

void error_names_the_place() {
  JsonError error;
  TEST_ASSERT_FALSE(parse_json("[1,x]", error).exists());
  TEST_ASSERT_EQUAL_size_t(3, error.offset);
  TEST_ASSERT_EQUAL_STRING("expected a value", error.reason);
  TEST_ASSERT_FALSE(parse_json("[1", error).exists());
  TEST_ASSERT_EQUAL_STRING("text ends inside a value", error.reason);
}

void finds_members_by_path() {
  JsonValue value = parsed("{\"x\" : [ {\"y\\u0031\": \"a,]}\\\"\" } , 7 ] , \"z\":true, \"n\":{\"m\":-12}}");
  FixedText<8> text;
  TEST_ASSERT_TRUE(value.path("x.0.y1").get(text));
  assert_text("a,]}\"", text.text());
  int64_t number = 0;
  TEST_ASSERT_TRUE(value.path("x.1").get(number));
  TEST_ASSERT_EQUAL_INT64(7, number);
  TEST_ASSERT_TRUE(value.path("n.m").get(number));
  TEST_ASSERT_EQUAL_INT64(-12, number);
  bool flag = false;
  TEST_ASSERT_TRUE(value.find("z").get(flag));
  TEST_ASSERT_TRUE(flag);
  TEST_ASSERT_EQUAL_size_t(3, value.size());
  TEST_ASSERT_EQUAL_size_t(2, value.find("x").size());
  const char* const missing[] = {"x.2", "x.a", "x.0.y1.q", "q", "z.a", "x..0", ""};
  for (const char* path : missing) TEST_ASSERT_FALSE_MESSAGE(value.path(path).exists(), path);
}

void numbers_must_be_whole_and_fit() {
  int64_t number = 5;
  const char* const texts[] = {"1.0", "1e2", "9223372036854775808", "-9223372036854775809", "\"1\"", "true"};
  for (const char* text : texts) TEST_ASSERT_FALSE_MESSAGE(parsed(text).get(number), text);
  TEST_ASSERT_EQUAL_INT64(5, number);
  TEST_ASSERT_TRUE(parsed("-9223372036854775808").get(number));
  TEST_ASSERT_EQUAL_INT64(INT64_MIN, number);
  uint64_t large = 0;
  TEST_ASSERT_TRUE(parsed("18446744073709551615").get_unsigned(large));
  TEST_ASSERT_EQUAL_UINT64(UINT64_MAX, large);
  TEST_ASSERT_FALSE(parsed("18446744073709551616").get_unsigned(large));
  TEST_ASSERT_FALSE(parsed("-1").get_unsigned(large));
}

void text_that_does_not_fit_changes_nothing() {
  FixedText<3> text;
  TEST_ASSERT_TRUE(text.assign("old"));
  TEST_ASSERT_FALSE(parsed("\"four\"").get(text));
  assert_text("old", text.text());
  TEST_ASSERT_TRUE(parsed("\"\\u20ac\"").get(text));
  assert_text("\xe2\x82\xac", text.text());
  TEST_ASSERT_FALSE(parsed("\"ab\\u20ac\"").get(text));
}

void writes_nested_values_with_commas() {
  char buffer[200];
  JsonWriter json(buffer);
  json.begin_array().number(2).string("id").begin_object();
  json.member("a", 1).key("b").begin_array().end_array().key("c").begin_array().null().boolean(false).end_array();
  json.key("d").begin_object().end_object().member("e", "x").member("f", INT64_MIN).member("g", UINT64_MAX);
  json.end_object().end_array();
  TEST_ASSERT_TRUE(json.ok());
  assert_text(
      "[2,\"id\",{\"a\":1,\"b\":[],\"c\":[null,false],\"d\":{},\"e\":\"x\",\"f\":-9223372036854775808,"
      "\"g\":18446744073709551615}]",
      json.text());
  TEST_ASSERT_TRUE(accepts(json.text()));
}

void escapes_special_characters() {
  char buffer[100];
  JsonWriter json(buffer);
  json.string({"\"\\\n\r\t\0\x1f/\xc3\xa9\xff\xe2\x82", 13});
  assert_text("\"\\\"\\\\\\n\\r\\t\\u0000\\u001f/\xc3\xa9\\ufffd\\ufffd\\ufffd\"", json.text());
}

void every_byte_is_preserved_or_replaced() {
  for (unsigned byte = 0; byte < 0x80; ++byte) {
    char c = static_cast<char>(byte);
    char buffer[16];
    JsonWriter json(buffer);
    json.string({&c, 1});
    TEST_ASSERT_TRUE(parsed(json.text()).equals({&c, 1}));
  }
}

void overflow_at_every_size_is_flagged() {
  char whole[64];
  JsonWriter reference(whole);
  auto write = [](JsonWriter& json) {
    json.begin_object().member("k", "\x01\xc3\xa9").key("n").begin_array().number(-5).end_array().end_object();
  };
  write(reference);
  size_t length = reference.text().length;
  for (size_t size = 0; size <= length; ++size) {
    char* buffer = static_cast<char*>(malloc(size + (size == 0 ? 1 : 0)));
    JsonWriter json({buffer, size});
    write(json);
    TEST_ASSERT_EQUAL(size == length, json.ok());
    TEST_ASSERT_EQUAL_size_t(size == length ? length : 0, json.text().length);
    free(buffer);
  }
}

void unbalanced_writing_is_flagged() {
  char buffer[100];
  JsonWriter below(buffer);
  below.begin_array().end_array().end_array();
  TEST_ASSERT_FALSE(below.ok());
  JsonWriter deep(buffer);
  for (unsigned i = 0; i <= kMaxJsonDepth; ++i) deep.begin_array();
  TEST_ASSERT_FALSE(deep.ok());
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(accepts_json_of_rfc_8259);
  RUN_TEST(rejects_other_texts);
  RUN_TEST(every_prefix_of_a_text_is_rejected);
  RUN_TEST(one_changed_byte_never_reads_outside);
  RUN_TEST(depth_has_a_limit);
  RUN_TEST(error_names_the_place);
  RUN_TEST(finds_members_by_path);
  RUN_TEST(numbers_must_be_whole_and_fit);
  RUN_TEST(text_that_does_not_fit_changes_nothing);
  RUN_TEST(writes_nested_values_with_commas);
  RUN_TEST(escapes_special_characters);
  RUN_TEST(every_byte_is_preserved_or_replaced);
  RUN_TEST(overflow_at_every_size_is_flagged);
  RUN_TEST(unbalanced_writing_is_flagged);
  return UNITY_END();
}
