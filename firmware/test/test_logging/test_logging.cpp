#include <string>

#include "core/utf8.h"
#include "features/logging/logger.h"
#include "support/check.h"
#include "support/fake_clock.h"
#include "support/fake_uart.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

struct Bench {
  FakeClock clock;
  FakeUart uart;
  Logger log{clock, uart};
};

void a_line_has_level_uptime_tag_and_text() {
  Bench bench;
  bench.clock.set(12345);
  bench.log.warning("wifi", "signal ", -61, " dBm, try ", 3u);
  TEST_ASSERT_EQUAL_STRING("W (12345) wifi: signal -61 dBm, try 3\r\n", bench.uart.take().c_str());
}

void lines_above_the_level_are_left_out() {
  Bench bench;
  bench.log.debug("a", "1");
  bench.log.info("b", "2");
  TEST_ASSERT_EQUAL_STRING("I (0) b: 2\r\n", bench.uart.take().c_str());
  bench.log.set_levels(LogLevels(LogLevel::error));
  bench.log.warning("c", "3");
  bench.log.error("d", "4");
  bench.log.telemetry("monitor", "{}");
  TEST_ASSERT_EQUAL_STRING("E (0) d: 4\r\nT (0) monitor: {}\r\n", bench.uart.take().c_str());
  bench.log.set_levels(LogLevels(LogLevel::debug));
  bench.log.debug("e", "5");
  TEST_ASSERT_EQUAL_STRING("D (0) e: 5\r\n", bench.uart.take().c_str());
}

void the_longest_line_is_whole_and_a_longer_one_is_cut_and_counted() {
  Bench bench;
  const std::string head = "I (0) t: ";
  const std::string fits(Logger::kMaxLine - head.size(), 'x');
  bench.log.info("t", fits.c_str());
  TEST_ASSERT_EQUAL_STRING((head + fits + "\r\n").c_str(), bench.uart.take().c_str());
  TEST_ASSERT_EQUAL(0, bench.log.cut_lines());
  bench.log.info("t", fits.c_str(), "y");
  TEST_ASSERT_EQUAL_STRING((head + fits.substr(3) + "...\r\n").c_str(), bench.uart.take().c_str());
  TEST_ASSERT_EQUAL(1, bench.log.cut_lines());
}

void one_call_is_always_one_line() {
  Bench bench;
  bench.log.info("t", "a\r\nE (0) forged: b\x1b[2J\x7f");
  TEST_ASSERT_EQUAL_STRING("I (0) t: a??E (0) forged: b?[2J?\r\n", bench.uart.take().c_str());
  // A Latin-1 byte, an overlong form, a surrogate, a character that ends too early, and a valid one.
  bench.log.info("t", "\xE9 \xC0\xAF \xED\xA0\x80 \xE2\x82 \xC3\xA9");
  TEST_ASSERT_EQUAL_STRING("I (0) t: ? ?? ??? ?? \xC3\xA9\r\n", bench.uart.take().c_str());
}

void utf8_passes() {
  Bench bench;
  bench.log.info("t", "S\xC3\xA4ule");
  TEST_ASSERT_EQUAL_STRING("I (0) t: S\xC3\xA4ule\r\n", bench.uart.take().c_str());
}

void a_cut_does_not_split_a_character() {
  for (size_t before = 0; before < 4; ++before) {
    Bench bench;
    std::string text(before, 'x');
    while (text.size() < Logger::kMaxLine) text += "\xF0\x9F\x94\x8C";
    bench.log.info("t", text.c_str());
    const std::string line = bench.uart.take();
    TEST_ASSERT_TRUE(is_utf8(Text(line.data(), line.size()).bytes()));
    TEST_ASSERT_EQUAL_STRING("...\r\n", line.substr(line.size() - 5).c_str());
    TEST_ASSERT_GREATER_THAN_size_t(Logger::kMaxLine - 4, line.size() - 2);
    TEST_ASSERT_LESS_OR_EQUAL_size_t(Logger::kMaxLine, line.size() - 2);
  }
}

void answers_are_marked_and_counted() {
  Bench bench;
  bench.log.answer("ok ", 1);
  TEST_ASSERT_EQUAL_STRING("= ok 1\r\n", bench.uart.take().c_str());
  TEST_ASSERT_EQUAL(1, bench.log.answers());
}

void dropped_bytes_are_counted() {
  Bench bench;
  bench.uart.stalled = true;
  bench.log.info("t", "x");
  TEST_ASSERT_EQUAL(12, bench.log.dropped_bytes());
}

void levels_have_names() {
  LogLevel level = LogLevel::info;
  TEST_ASSERT_TRUE(parse_log_level("warning", level));
  TEST_ASSERT_EQUAL(static_cast<int>(LogLevel::warning), static_cast<int>(level));
  check_text("warning", name_of(level));
  TEST_ASSERT_FALSE(parse_log_level("WARNING", level));
  TEST_ASSERT_FALSE(parse_log_level("", level));
  TEST_ASSERT_EQUAL(static_cast<int>(LogLevel::warning), static_cast<int>(level));
}

std::string text_of(const LogLevels& levels) {
  char bytes[200];
  TextWriter text{Span<char>(bytes)};
  levels.format(text);
  return str(text.text());
}

void a_feature_may_have_a_level_of_its_own() {
  Bench bench;
  LogLevels levels;
  TEST_ASSERT_NULL(levels.parse("warning, wifi=debug,ws = error"));
  TEST_ASSERT_EQUAL_STRING("warning,wifi=debug,ws=error", text_of(levels).c_str());
  bench.log.set_levels(levels);
  bench.log.debug("wifi", "1");
  bench.log.info("cp", "2");
  bench.log.warning("ws", "3");
  bench.log.warning("cp", "4");
  TEST_ASSERT_EQUAL_STRING("D (0) wifi: 1\r\nW (0) cp: 4\r\n", bench.uart.take().c_str());
}

void bad_levels_are_rejected_and_change_nothing() {
  LogLevels levels;
  levels.parse("error,wifi=debug");
  for (const char* bad : {"", "loud", "wifi=debug", "info,wifi", "info,wifi=loud", "info,=debug", "info,w fi=debug",
                          "info,wifi2=debug"}) {
    TEST_ASSERT_NOT_NULL_MESSAGE(levels.parse(bad), bad);
  }
  TEST_ASSERT_EQUAL_STRING("error,wifi=debug", text_of(levels).c_str());
}

void fields_are_quoted_where_they_need_it() {
  Bench bench;
  const Text ssid = "my \"net\\";
  bench.log.info("wifi", "joined", Field{"ssid", ssid}, Field{"rssi", -61}, Field{"ip", "10.0.0.1"}, Field{"key", ""},
                 Field{"open", true});
  TEST_ASSERT_EQUAL_STRING("I (0) wifi: joined ssid=\"my \\\"net\\\\\" rssi=-61 ip=10.0.0.1 key=\"\" open=true\r\n",
                           bench.uart.take().c_str());
}

void the_sink_receives_the_lines_of_the_log() {
  Bench bench;
  std::string received;
  bench.log.set_sink({[](void* context, LogLevel level, Span<char> line) {
                        *static_cast<std::string*>(context) +=
                            std::to_string(static_cast<int>(level)) + std::string(line.data, line.length) + "|";
                      },
                      &received});
  bench.log.info("a", "1\n");
  bench.log.debug("b", "2");
  bench.log.telemetry("monitor", "{}");
  bench.log.answer("ok");
  bench.log.stored("I (0) c: 3");
  bench.log.error("d", "4");
  TEST_ASSERT_EQUAL_STRING("2I (0) a: 1?|0E (0) d: 4|", received.c_str());
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(a_line_has_level_uptime_tag_and_text);
  RUN_TEST(lines_above_the_level_are_left_out);
  RUN_TEST(the_longest_line_is_whole_and_a_longer_one_is_cut_and_counted);
  RUN_TEST(one_call_is_always_one_line);
  RUN_TEST(utf8_passes);
  RUN_TEST(a_cut_does_not_split_a_character);
  RUN_TEST(answers_are_marked_and_counted);
  RUN_TEST(dropped_bytes_are_counted);
  RUN_TEST(levels_have_names);
  RUN_TEST(a_feature_may_have_a_level_of_its_own);
  RUN_TEST(bad_levels_are_rejected_and_change_nothing);
  RUN_TEST(fields_are_quoted_where_they_need_it);
  RUN_TEST(the_sink_receives_the_lines_of_the_log);
  return UNITY_END();
}
