#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <memory>
#include <new>
#include <string>

#include "app/app.h"
#include "features/board/pins.h"
#include "main/posix/arguments.h"
#include "port/posix/board_link.h"
#include "port/posix/crash_reporter.h"
#include "port/posix/device_heap.h"
#include "port/posix/exit_code.h"
#include "port/posix/flash_secrets.h"
#include "port/posix/loop_worker.h"
#include "port/posix/posix_edges.h"
#include "port/posix/posix_flash.h"
#include "port/posix/posix_gpio.h"
#include "port/posix/posix_interlock.h"
#include "port/posix/posix_network.h"
#include "port/posix/posix_power.h"
#include "port/posix/posix_rng.h"
#include "port/posix/posix_sntp.h"
#include "port/posix/posix_system.h"
#include "port/posix/posix_tcp.h"
#include "port/posix/posix_uart.h"
#include "port/posix/posix_udp.h"
#include "port/posix/posix_waker.h"
#include "port/posix/real_timebase.h"
#include "port/posix/retained_memory.h"
#include "port/posix/slot_updates.h"
#include "port/posix/stepped_timebase.h"
#include "port/posix/thread_worker.h"

namespace pb::posix {

namespace {

std::unique_ptr<Timebase> make_timebase(const Arguments& arguments, BoardLink& board, const WakeSources& sources,
                                        CrashReporter& crash_reporter) {
  if (!arguments.stepped()) return std::make_unique<RealTimebase>(board, crash_reporter);
  auto stepped = std::make_unique<SteppedTimebase>(arguments.clock_link, board, sources, crash_reporter);
  if (const std::string wrong = stepped->open(arguments.clock_page); !wrong.empty()) exit_with_error(wrong);
  return stepped;
}

std::unique_ptr<PosixWorker> make_worker(const Arguments& arguments, Timebase& time, Waker& waker) {
  if (!arguments.threaded_worker) return std::make_unique<LoopWorker>(time.sleeper());
  const auto kind = arguments.stepped() ? ThreadWorker::Time::stepped : ThreadWorker::Time::real;
  return std::make_unique<ThreadWorker>(kind, time.clock(), time.sleeper(), waker);
}

/// The chip: every port, joined to the board.
class Chip final : private BoardListener {
 public:
  explicit Chip(const Arguments& arguments)
      : crash_reporter_(arguments.uart_fd),
        link_(arguments.board_fd, *this),
        time_(make_timebase(arguments, link_, sources_, crash_reporter_)),
        waker_(time_->sleeper(), sources_),
        gpio_(link_, time_->clock()),
        interlock_(gpio_, waker_, pins::kContactor, pins::kEmergencyStop),
        edges_(gpio_, time_->clock(), waker_),
        uart_(arguments.uart_fd),
        worker_(make_worker(arguments, *time_, waker_)),
        flash_(time_->clock(), worker_->blocker(), link_),
        storage_(flash_),
        otadata_(flash_),
        secrets_region_(flash_),
        schemas_0_(flash_),
        schemas_1_(flash_),
        ota_0_(flash_),
        ota_1_(flash_),
        secrets_(secrets_region_),
        network_(time_->clock(), waker_),
        heap_(arguments.heap),
        rng_(make_rng(arguments.seed)),
        tcp_(time_->clock(), heap_, network_, secrets_, *rng_, arguments.web),
        udp_(arguments.udp),
        sntp_(time_->clock(), waker_, network_, link_),
        system_(arguments.reset, *time_, crash_reporter_, tcp_, heap_, otadata_, retained_, *worker_) {
    sources_.add(uart_);
    sources_.add(network_);
    sources_.add(tcp_);
    sources_.add(udp_);
    sources_.add(sntp_);
    sources_.add(*worker_);
    if (const std::string wrong = retained_.open(arguments.retained); !wrong.empty()) exit_with_error(wrong);
    crash_reporter_.keep_in(retained_);
    if (const std::string wrong = flash_.open(arguments.flash); !wrong.empty()) exit_with_error(wrong);
    if (const std::string wrong = storage_.open("storage"); !wrong.empty()) exit_with_error(wrong);
    otadata_.open("otadata");  // without a partition, otadata_ stays empty: no image is ever on trial
    if (const std::string wrong = secrets_region_.open("secrets"); !wrong.empty()) exit_with_error(wrong);
    // Without these partitions no pack can be stored, and the built-in schemas remain.
    schemas_0_.open("schemas_0");
    schemas_1_.open("schemas_1");
    const bool has_slots = ota_0_.open("ota_0").empty() && ota_1_.open("ota_1").empty();
    if (has_slots && arguments.slot >= 0) updates_.set_running(static_cast<size_t>(arguments.slot));
  }

  /// Waits for the board's `go`, then runs the firmware until it restarts. @return the exit code.
  int run() {
    link_.wait_for_go();
    time_->start();
    void* memory = heap_.allocate(sizeof(App));
    if (memory == nullptr)
      exit_with_error("the firmware needs " + std::to_string(sizeof(App)) + " bytes of heap; give more with --heap");
    App* app = new (memory) App(Ports{time_->clock(), *rng_,    gpio_,      interlock_, edges_,   uart_,  network_,
                                      tcp_,           storage_, secrets_,   heap_,      *worker_, waker_, system_,
                                      retained_,      power_,   schemas_0_, schemas_1_, updates_, udp_,   sntp_});
    const ResetReason reason = app->run();
    app->~App();
    heap_.release(memory);
    uart_.drain(kDrainMs);
    return exit_code_of(reason);
  }

 private:
  /// A busy computer may read slowly; a reader that has stopped must not delay the chip's reset for longer.
  static constexpr int kDrainMs = 2000;

  void on_pin(int pin, bool level) override {
    if (!gpio_.drive(pin, level))
      exit_with_error("the board drives GPIO " + std::to_string(pin) + ", which the chip does not have");
  }
  void on_access_point(bool up, uint64_t associate_ms, uint64_t dhcp_ms) override {
    network_.set_access_point(up, associate_ms, dhcp_ms);
  }
  void on_radio(const RadioChange& change) override { network_.change_radio(change); }
  void on_erase_time(uint64_t ms) override { flash_.set_erase_time(ms); }
  void on_tear(uint64_t operation, const std::string& mode, uint64_t seed) override {
    flash_.tear(operation, mode, seed);
  }
  void on_flash_full(bool full) override { flash_.set_claims_full(full); }
  void on_leak(uint64_t bytes) override { tcp_.leak(bytes); }
  void on_sntp(int64_t unix_ms) override { sntp_.answer(unix_ms); }

  RetainedMemory retained_;
  CrashReporter crash_reporter_;
  WakeSources sources_;
  BoardLink link_;
  std::unique_ptr<Timebase> time_;
  PosixWaker waker_;
  PosixGpio gpio_;
  PosixInterlock interlock_;
  PosixEdges edges_;
  PosixUart uart_;
  std::unique_ptr<PosixWorker> worker_;
  PosixFlash flash_;
  PosixPartition storage_;
  PosixPartition otadata_;
  PosixPartition secrets_region_;
  PosixPartition schemas_0_;
  PosixPartition schemas_1_;
  PosixPartition ota_0_;
  PosixPartition ota_1_;
  SlotUpdates updates_{ota_0_, ota_1_, otadata_};
  FlashSecrets secrets_;
  PosixNetwork network_;
  DeviceHeap heap_;
  std::unique_ptr<PosixRng> rng_;
  PosixTcp tcp_;
  PosixUdp udp_;
  PosixSntp sntp_;
  PosixSystem system_;
  PosixPower power_{link_, network_};
};

}  // namespace

}  // namespace pb::posix

int main(int argc, char** argv) {
  // The device must end with the board's process. The end of file on the board's descriptor has the same effect.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The peer of the UART or of a socket may have closed its end. Then a write must return an error, not raise a signal.
  signal(SIGPIPE, SIG_IGN);
  const pb::posix::Arguments arguments = pb::posix::parse(argc, argv);
  pb::posix::Chip chip(arguments);
  const int code = chip.run();
  // Threads of the chip still use its parts, so the process ends without destroying them.
  _exit(code);
}
