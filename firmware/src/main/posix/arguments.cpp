#include "main/posix/arguments.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

namespace pb::posix {

namespace {

constexpr int kExitUsage = 2;

uint64_t number(const char* option, const char* text, uint64_t least, uint64_t most) {
  char* end = nullptr;
  errno = 0;
  const uint64_t value = strtoull(text, &end, 10);
  // strtoull takes blanks and a sign, too.
  if (isdigit(static_cast<unsigned char>(*text)) == 0 || *end != '\0' || errno != 0 || value < least || value > most)
    exit_with_error(std::string("--") + option + " needs a number from " + std::to_string(least) + " to " +
                    std::to_string(most) + ", not '" + text + "'");
  return value;
}

int descriptor(const char* option, const char* text) { return static_cast<int>(number(option, text, 0, INT_MAX)); }

ResetReason reset_reason(const std::string& word) {
  std::string allowed;
  for (int i = static_cast<int>(ResetReason::power_on); i <= static_cast<int>(ResetReason::external); ++i) {
    const auto reason = static_cast<ResetReason>(i);
    if (word == name_of(reason)) return reason;
    allowed += std::string(allowed.empty() ? "" : ", ") + name_of(reason);
  }
  exit_with_error("--reset '" + word + "' is none of: " + allowed);
}

bool threaded(const std::string& word) {
  if (word != "loop" && word != "thread") exit_with_error("--worker '" + word + "' is none of: loop, thread");
  return word == "thread";
}

}  // namespace

void exit_with_error(const std::string& message) {
  fprintf(stderr, "plugbench-device: %s\n", message.c_str());
  exit(kExitUsage);
}

Arguments parse(int argc, char** argv) {
  const option options[] = {
      {"board-fd", required_argument, nullptr, 'b'},   {"uart-fd", required_argument, nullptr, 'u'},
      {"flash", required_argument, nullptr, 'f'},      {"reset", required_argument, nullptr, 'r'},
      {"heap", required_argument, nullptr, 'h'},       {"clock-page", required_argument, nullptr, 'p'},
      {"clock-link", required_argument, nullptr, 'l'}, {"seed", required_argument, nullptr, 's'},
      {"worker", required_argument, nullptr, 'w'},     {"retained-fd", required_argument, nullptr, 'm'},
      {"web-fd", required_argument, nullptr, 'i'},     {"slot", required_argument, nullptr, 'o'},
      {"udp-fd", required_argument, nullptr, 'd'},     {nullptr, 0, nullptr, 0}};
  Arguments arguments;
  for (int found; (found = getopt_long(argc, argv, "", options, nullptr)) != -1;) {
    switch (found) {
      case 'b':
        arguments.board_fd = descriptor("board-fd", optarg);
        break;
      case 'u':
        arguments.uart_fd = descriptor("uart-fd", optarg);
        break;
      case 'f':
        arguments.flash = optarg;
        break;
      case 'r':
        arguments.reset = reset_reason(optarg);
        break;
      case 'h':
        arguments.heap = number("heap", optarg, 1, SIZE_MAX);
        break;
      case 'p':
        arguments.clock_page = descriptor("clock-page", optarg);
        break;
      case 'l':
        arguments.clock_link = descriptor("clock-link", optarg);
        break;
      case 's':
        arguments.seed = number("seed", optarg, 0, UINT64_MAX);
        break;
      case 'w':
        arguments.threaded_worker = threaded(optarg);
        break;
      case 'm':
        arguments.retained = descriptor("retained-fd", optarg);
        break;
      case 'i':
        arguments.web = descriptor("web-fd", optarg);
        break;
      case 'd':
        arguments.udp = descriptor("udp-fd", optarg);
        break;
      case 'o':
        arguments.slot = static_cast<int>(number("slot", optarg, 0, 1));
        break;
      default:
        exit_with_error(
            "usage: plugbench-device --board-fd N --uart-fd N --flash FILE [--reset REASON] [--heap BYTES] "
            "[--clock-page N --clock-link N] [--retained-fd N] [--web-fd N] [--udp-fd N] [--seed N] "
            "[--worker loop|thread] [--slot 0|1]");
    }
  }
  if (optind != argc) exit_with_error(std::string("unexpected argument '") + argv[optind] + "'");
  if (arguments.board_fd < 0 || arguments.uart_fd < 0 || arguments.flash.empty())
    exit_with_error(
        "--board-fd, --uart-fd and --flash are needed; start it through the virtual board (rig device run)");
  if ((arguments.clock_page < 0) != (arguments.clock_link < 0))
    exit_with_error("--clock-page and --clock-link are given together (stepped time) or not at all (real time)");
  if ((arguments.web >= 0 || arguments.udp >= 0) && arguments.stepped())
    exit_with_error("--web-fd and --udp-fd need real time: a browser takes no part in stepped time");
  return arguments;
}

}  // namespace pb::posix
