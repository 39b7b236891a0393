#include <stdio.h>
#include <sys/wait.h>

#include <string>

#include "suites.h"
#include "support/check.h"

using namespace pb;

namespace {

/// Starts the device with invalid `arguments`. @return its output
std::string error_of(const std::string& arguments) {
  FILE* output = popen((std::string(PLUGBENCH_DEVICE) + " " + arguments + " 2>&1").c_str(), "r");
  TEST_ASSERT_NOT_NULL(output);
  std::string printed;
  char bytes[512];
  while (fgets(bytes, sizeof bytes, output) != nullptr) printed += bytes;
  const int status = pclose(output);
  TEST_ASSERT_TRUE(WIFEXITED(status));
  TEST_ASSERT_EQUAL(2, WEXITSTATUS(status));
  return printed;
}

void a_wrong_command_line_is_explained() {
  const std::string needed = "--board-fd 0 --uart-fd 1 --flash /nonexistent ";
  check_contains("--board-fd, --uart-fd and --flash are needed", error_of("--board-fd 0"));
  check_contains("usage: plugbench-device", error_of(needed + "--clock-scale 2"));
  check_contains("unexpected argument 'more'", error_of(needed + "more"));
  check_contains("--reset 'boredom' is none of: power_on, ", error_of(needed + "--reset boredom"));
  for (const char* wrong : {"''", "x", "-1", "' 1'", "1.5", "99999999999999999999"})
    check_contains("--heap needs a number from 1 to ", error_of(needed + "--heap " + wrong));
  check_contains("--worker 'idle' is none of: loop, thread", error_of(needed + "--worker idle"));
  check_contains("--seed needs a number from 0 to 18446744073709551615", error_of(needed + "--seed -1"));
  check_contains("the flash file '/nonexistent' cannot be opened", error_of(needed));
}

void stepped_time_needs_both_options() {
  const std::string needed = "--board-fd 0 --uart-fd 1 --flash /nonexistent ";
  check_contains("--clock-page and --clock-link are given together", error_of(needed + "--clock-page 3"));
  check_contains("--clock-page and --clock-link are given together", error_of(needed + "--clock-link 3"));
  check_contains("the clock page (descriptor 99) cannot be mapped",
                 error_of(needed + "--clock-page 99 --clock-link 98"));
}

}  // namespace

void run_command_line_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(a_wrong_command_line_is_explained);
  RUN_TEST(stepped_time_needs_both_options);
}
