#include <string>

#include "features/serial_debug/serial_debug.h"
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
  SerialDebug console{uart, log};
  std::string arguments;

  Bench() {
    console.add({"echo", "<text>",
                 [](void* self, Text text, Logger& answer) {
                   static_cast<Bench*>(self)->arguments = str(text);
                   answer.answer(text);
                 },
                 this});
    console.add({"later", "", [](void*, Text, Logger&) {}, nullptr});
  }
  std::string answer_to(const std::string& input) {
    uart.type(input);
    console.poll(0);
    return uart.take();
  }
};

void a_command_is_answered_by_one_line() {
  Bench bench;
  TEST_ASSERT_EQUAL_STRING("= hello you\r\n", bench.answer_to("echo hello you\r\n").c_str());
  TEST_ASSERT_EQUAL_STRING("= hello\r\n", bench.answer_to("  echo   hello  \n").c_str());
  TEST_ASSERT_EQUAL_STRING("= \r\n", bench.answer_to("echo\r").c_str());
}

void a_command_waits_for_room_for_its_answer() {
  Bench bench;
  bench.uart.room = SerialDebug::kAnswerRoom - 1;
  bench.uart.type("echo one\necho two\n");
  TEST_ASSERT_EQUAL_UINT64(100 + SerialDebug::kRoomWaitMs, bench.console.poll(100));
  TEST_ASSERT_EQUAL_STRING("", bench.uart.take().c_str());
  bench.uart.room = SerialDebug::kAnswerRoom;
  bench.console.poll(110);
  TEST_ASSERT_EQUAL_STRING("= one\r\n= two\r\n", bench.uart.take().c_str());
}

void an_unknown_command_is_named() {
  Bench bench;
  TEST_ASSERT_EQUAL_STRING("= error: unknown command 'ehco', try help\r\n", bench.answer_to("ehco x\n").c_str());
}

void a_command_without_arguments_rejects_them() {
  Bench bench;
  TEST_ASSERT_EQUAL_STRING("= error: help takes no argument\r\n", bench.answer_to("help echo\n").c_str());
}

void a_line_with_a_nul_is_not_run() {
  Bench bench;
  TEST_ASSERT_EQUAL_STRING("= error: the line has a NUL character\r\n",
                           bench.answer_to(std::string("echo a\0b\n", 9)).c_str());
}

void empty_lines_are_not_answered() {
  Bench bench;
  TEST_ASSERT_EQUAL_STRING("", bench.answer_to("\r\n\n  \r\n").c_str());
}

void a_line_may_come_in_pieces() {
  Bench bench;
  TEST_ASSERT_EQUAL_STRING("", bench.answer_to("ec").c_str());
  TEST_ASSERT_EQUAL_STRING("= a\r\n", bench.answer_to("ho a\n").c_str());
}

void typing_errors_can_be_corrected() {
  Bench bench;
  TEST_ASSERT_EQUAL_STRING("= ab\r\n", bench
                                           .answer_to("exx\b\x7f"
                                                      "cho ab\n")
                                           .c_str());
  TEST_ASSERT_EQUAL_STRING("= a\r\n", bench
                                          .answer_to("echo a\xC3\xA9\xF0\x9F\x94\x8C\b\x7f"
                                                     "\n")
                                          .c_str());
  TEST_ASSERT_EQUAL_STRING("= new\r\n", bench
                                            .answer_to("old line\x15"
                                                       "echo new\n")
                                            .c_str());
}

void a_line_too_long_is_rejected_as_a_whole() {
  Bench bench;
  const std::string fits = "echo " + std::string(SerialDebug::kMaxLine - 5, 'x');
  TEST_ASSERT_EQUAL_size_t(SerialDebug::kMaxLine - 5 + 4, bench.answer_to(fits + "\n").size());
  TEST_ASSERT_EQUAL_STRING("= error: the line is longer than 512 bytes\r\n", bench.answer_to(fits + "x\n").c_str());
  TEST_ASSERT_EQUAL_STRING("= ok\r\n", bench.answer_to("echo ok\n").c_str());
}

void a_line_that_is_no_utf8_is_rejected_as_a_whole() {
  Bench bench;
  const std::string error = "= error: the line is not UTF-8; set the terminal to it\r\n";
  TEST_ASSERT_EQUAL_STRING("= M\xc3\xbcller\r\n", bench.answer_to("echo M\xc3\xbcller\n").c_str());
  bench.arguments.clear();
  TEST_ASSERT_EQUAL_STRING(error.c_str(), bench.answer_to("echo M\xfcller\n").c_str());
  TEST_ASSERT_EQUAL_STRING(error.c_str(), bench.answer_to("echo M\xc3\n").c_str());
  TEST_ASSERT_EQUAL_STRING(error.c_str(), bench.answer_to("\xff\n").c_str());
  TEST_ASSERT_EQUAL_STRING("", bench.arguments.c_str());
  TEST_ASSERT_EQUAL_STRING("= ok\r\n", bench.answer_to("echo ok\n").c_str());
}

void the_next_command_waits_for_a_deferred_answer() {
  Bench bench;
  TEST_ASSERT_EQUAL_STRING("", bench.answer_to("later\necho second\n").c_str());
  bench.log.answer("first");
  TEST_ASSERT_EQUAL_STRING("= first\r\n= second\r\n", bench.answer_to("").c_str());
}

void a_command_polls_earlier_features_again() {
  Bench bench;
  bench.uart.type("ec");
  TEST_ASSERT_EQUAL_UINT64(kNever, bench.console.poll(7));
  bench.uart.type("ho a\n");
  TEST_ASSERT_EQUAL_UINT64(7, bench.console.poll(7));
  TEST_ASSERT_EQUAL_UINT64(kNever, bench.console.poll(7));
  bench.uart.type("later\n");
  TEST_ASSERT_EQUAL_UINT64(7, bench.console.poll(7));
  TEST_ASSERT_EQUAL_UINT64(kNever, bench.console.poll(7));
}

void a_flood_of_input_does_not_block_other_features() {
  Bench bench;
  bench.uart.type(std::string(10 * SerialDebug::kMaxReadPerPoll, '\n') + "echo behind it\n");
  int polls = 0;
  while (bench.console.poll(7) == 7) ++polls;
  TEST_ASSERT_GREATER_OR_EQUAL(10, polls);
  TEST_ASSERT_EQUAL_STRING("= behind it\r\n", bench.uart.take().c_str());
}

void help_lists_the_commands_with_their_arguments() {
  Bench bench;
  TEST_ASSERT_EQUAL_STRING("= help, echo <text>, later\r\n", bench.answer_to("help\n").c_str());
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(a_command_is_answered_by_one_line);
  RUN_TEST(a_command_waits_for_room_for_its_answer);
  RUN_TEST(an_unknown_command_is_named);
  RUN_TEST(a_command_without_arguments_rejects_them);
  RUN_TEST(a_line_with_a_nul_is_not_run);
  RUN_TEST(empty_lines_are_not_answered);
  RUN_TEST(a_line_may_come_in_pieces);
  RUN_TEST(typing_errors_can_be_corrected);
  RUN_TEST(a_line_too_long_is_rejected_as_a_whole);
  RUN_TEST(a_line_that_is_no_utf8_is_rejected_as_a_whole);
  RUN_TEST(the_next_command_waits_for_a_deferred_answer);
  RUN_TEST(a_command_polls_earlier_features_again);
  RUN_TEST(a_flood_of_input_does_not_block_other_features);
  RUN_TEST(help_lists_the_commands_with_their_arguments);
  return UNITY_END();
}
