#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <new>
#include <string>

#include "app/app.h"
#include "port/posix/board_link.h"
#include "port/posix/crash_reporter.h"
#include "port/posix/device_heap.h"
#include "port/posix/loop_worker.h"
#include "port/posix/posix_clock.h"
#include "port/posix/posix_flash.h"
#include "port/posix/posix_gpio.h"
#include "port/posix/posix_network.h"
#include "port/posix/posix_rng.h"
#include "port/posix/posix_system.h"
#include "port/posix/posix_tcp.h"
#include "port/posix/posix_uart.h"
#include "port/posix/posix_waker.h"

namespace pb::posix {

namespace {

constexpr int kExitUsage = 2;

struct Arguments {
  int board_fd = -1;
  int uart_fd = -1;
  std::string flash;
  ResetReason reset = ResetReason::power_on;
  size_t heap = 300 * 1024;
  double clock_scale = 1.0;
};

[[noreturn]] void refuse(const std::string& message) {
  fprintf(stderr, "plugbench-device: %s\n", message.c_str());
  exit(kExitUsage);
}

double number(const char* option, const char* text, double least) {
  char* end = nullptr;
  errno = 0;
  const double value = strtod(text, &end);
  if (end == text || *end != '\0' || errno != 0 || !(value >= least))
    refuse(std::string("--") + option + " needs a number of at least " + std::to_string(least) + ", not '" + text +
           "'");
  return value;
}

ResetReason reset_reason(const std::string& word) {
  std::string allowed;
  for (int i = static_cast<int>(ResetReason::power_on); i <= static_cast<int>(ResetReason::external); ++i) {
    const auto reason = static_cast<ResetReason>(i);
    if (word == name_of(reason)) return reason;
    allowed += std::string(allowed.empty() ? "" : ", ") + name_of(reason);
  }
  refuse("--reset '" + word + "' is none of: " + allowed);
}

Arguments parse(int argc, char** argv) {
  const option options[] = {{"board-fd", required_argument, nullptr, 'b'},
                            {"uart-fd", required_argument, nullptr, 'u'},
                            {"flash", required_argument, nullptr, 'f'},
                            {"reset", required_argument, nullptr, 'r'},
                            {"heap", required_argument, nullptr, 'h'},
                            {"clock-scale", required_argument, nullptr, 'c'},
                            {nullptr, 0, nullptr, 0}};
  Arguments arguments;
  for (int found; (found = getopt_long(argc, argv, "", options, nullptr)) != -1;) {
    switch (found) {
      case 'b':
        arguments.board_fd = static_cast<int>(number("board-fd", optarg, 0));
        break;
      case 'u':
        arguments.uart_fd = static_cast<int>(number("uart-fd", optarg, 0));
        break;
      case 'f':
        arguments.flash = optarg;
        break;
      case 'r':
        arguments.reset = reset_reason(optarg);
        break;
      case 'h':
        arguments.heap = static_cast<size_t>(number("heap", optarg, 1));
        break;
      case 'c':
        arguments.clock_scale = number("clock-scale", optarg, 0.001);
        break;
      default:
        refuse(
            "usage: plugbench-device --board-fd N --uart-fd N --flash FILE [--reset REASON] [--heap BYTES] "
            "[--clock-scale X]");
    }
  }
  if (optind != argc) refuse(std::string("unexpected argument '") + argv[optind] + "'");
  if (arguments.board_fd < 0 || arguments.uart_fd < 0 || arguments.flash.empty())
    refuse("--board-fd, --uart-fd and --flash are needed; start it through the virtual board (rig device run)");
  return arguments;
}

/// The chip: every port, joined to the board.
class Chip final : private BoardListener {
 public:
  explicit Chip(const Arguments& arguments)
      : crash_reporter_(arguments.uart_fd),
        clock_(arguments.clock_scale),
        waker_(clock_),
        link_(arguments.board_fd, *this),
        gpio_(link_),
        uart_(arguments.uart_fd),
        flash_(clock_, link_),
        storage_(flash_),
        network_(clock_),
        heap_(arguments.heap),
        tcp_(heap_, network_),
        system_(arguments.reset, clock_, crash_reporter_, tcp_) {
    waker_.add(uart_);
    waker_.add(network_);
    waker_.add(tcp_);
    if (const std::string wrong = flash_.open(arguments.flash); !wrong.empty()) refuse(wrong);
    if (const std::string wrong = storage_.open("storage"); !wrong.empty()) refuse(wrong);
  }

  /// Waits for the board's `go`, then runs the firmware until it restarts. @return the exit code.
  int run() {
    link_.wait_for_go();
    clock_.start();
    link_.start_reader();
    system_.start_watchdog();
    void* memory = heap_.allocate(sizeof(App));
    if (memory == nullptr)
      refuse("the firmware needs " + std::to_string(sizeof(App)) + " bytes of heap; give more with --heap");
    App* app =
        new (memory) App(Ports{clock_, rng_, gpio_, uart_, network_, tcp_, storage_, heap_, worker_, waker_, system_});
    const ResetReason reason = app->run();
    app->~App();
    heap_.release(memory);
    uart_.drain(kDrainMs);
    return exit_code_of(reason);
  }

 private:
  static constexpr int kDrainMs = 200;

  void on_pin(int pin, bool level) override {
    if (!gpio_.drive(pin, level))
      refuse("the board drives GPIO " + std::to_string(pin) + ", which the chip does not have");
  }
  void on_access_point(bool up, uint64_t associate_ms, uint64_t dhcp_ms) override {
    network_.set_access_point(up, associate_ms, dhcp_ms);
    waker_.wake();
  }
  void on_clock_scale(double scale) override {
    clock_.set_scale(scale);
    waker_.wake();
  }
  void on_erase_time(uint64_t ms) override { flash_.set_erase_time(ms); }
  void on_tear(uint64_t operation, const std::string& mode, uint64_t seed) override {
    flash_.tear(operation, mode, seed);
  }
  void on_flash_full(bool full) override { flash_.set_claims_full(full); }
  void on_leak(uint64_t bytes) override { tcp_.leak(bytes); }

  CrashReporter crash_reporter_;
  PosixClock clock_;
  PosixWaker waker_;
  BoardLink link_;
  PosixGpio gpio_;
  PosixUart uart_;
  PosixFlash flash_;
  PosixPartition storage_;
  PosixNetwork network_;
  DeviceHeap heap_;
  PosixTcp tcp_;
  PosixRng rng_;
  LoopWorker worker_;
  PosixSystem system_;
};

}  // namespace

}  // namespace pb::posix

int main(int argc, char** argv) {
  // The board may die without a word; nothing is to be left of it. End of file on the board's wire is the other half.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const pb::posix::Arguments arguments = pb::posix::parse(argc, argv);
  pb::posix::Chip chip(arguments);
  const int code = chip.run();
  // Threads of the chip still run and hold its parts: the process ends without taking them apart.
  _exit(code);
}
