// The erases of the flash by the log, beside the other files that a charge point writes.
#include <algorithm>
#include <string>

#include "features/log_store/log_store.h"
#include "features/storage/littlefs_storage.h"
#include "support/check.h"
#include "support/fake_clock.h"
#include "support/fake_retained_ram.h"
#include "support/fake_uart.h"
#include "support/fake_worker.h"
#include "support/ram_flash.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

constexpr uint32_t kEndurance = 100'000;
constexpr uint32_t kAllowed = kEndurance * 5 / 100;

/// A device with its flash, of which only the storage and the log run.
struct Device {
  RamFlash flash;
  FakeWorker worker;
  FakeClock clock;
  FakeUart uart;
  FakeRetainedRam memory;
  Settings settings;
  LittleFsStorage storage{flash, worker};
  Logger log{clock, uart};
  TimeSync time{clock, storage};
  LogStore store{memory.bytes(), clock, storage, time, settings, log};

  Device() {
    storage.mount();
    store.load();
    storage.start();
    log.set_sink(store.sink());
    time.set_from_csms(1'714'564'800'000);
  }
  void run_for(Millis duration) {
    const Millis end = clock.now() + duration;
    while (clock.now() < end) {
      const Millis due = earlier(store.poll(clock.now()), time.poll(clock.now()));
      if (worker.waiting() != 0) {
        worker.deliver_all();
      } else {
        clock.set(due < end ? std::max(due, clock.now() + 1) : end);
      }
    }
    uart.take();
  }
  void write(const char* name, size_t length) {
    const std::string content(length, 'x');
    storage.write(name, Text(content.data(), content.size()).bytes(), {});
    worker.deliver_all();
  }
  uint32_t most_erases() const { return *std::max_element(flash.sector_erases().begin(), flash.sector_erases().end()); }
  void print(const char* what, uint32_t days) const {
    const std::string text = std::string(what) + ": " + std::to_string(store.writes() / days) + " writes and " +
                             std::to_string(flash.erases() / days) + " erases a day, at most " +
                             std::to_string(most_erases()) + " erases of a block in " + std::to_string(days) + " days";
    TEST_MESSAGE(text.c_str());
  }
};

/// Four charges, two losses of the connection and an error a day, and a line an hour: about 180 lines of 90 bytes.
void a_year_of_normal_logging_takes_less_than_a_twentieth_of_the_endurance() {
  Device device;
  constexpr uint32_t kDays = 365;
  const std::string text(50, 'x');
  for (uint32_t hour = 0; hour < kDays * 24; ++hour) {
    device.log.info("cp", text.c_str());
    if (hour % 6 == 3) {
      for (int i = 0; i < 30; ++i) {
        device.log.info("charging", text.c_str(), Field{"line", i});
        if (i % 3 == 0) device.write("ledger", 250);
        device.run_for(60'000);
      }
    }
    if (hour % 12 == 7) {
      for (int i = 0; i < 12; ++i) device.log.warning("ws", text.c_str(), Field{"attempt", i});
    }
    if (hour % 24 == 11) device.log.error("tx", text.c_str());
    device.run_for(hour % 6 == 3 ? 1'800'000 : 3'600'000);
  }
  device.print("normal", kDays);
  TEST_ASSERT_LESS_THAN_UINT32(kAllowed, device.most_erases());
}

/// Lines that are written as fast as the bound of the writes allows, for two weeks. In a whole year the block with the
/// most erases has one and a half times the mean, so the doubled mean is a bound for it.
void a_year_of_an_endless_stream_of_lines_stays_below_the_bound() {
  Device device;
  constexpr uint32_t kDays = 14;
  const std::string text(450, 'x');
  for (uint32_t minute = 0; minute < kDays * 1440; minute += 2) {
    for (int i = 0; i < 5; ++i) device.log.info("ws", text.c_str());
    device.run_for(120'000);
  }
  device.print("endless", kDays);
  const uint64_t mean_of_a_year = device.flash.erases() * 365 / kDays / device.flash.sector_erases().size();
  TEST_ASSERT_LESS_THAN_UINT64(kAllowed, 2 * mean_of_a_year);
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(a_year_of_normal_logging_takes_less_than_a_twentieth_of_the_endurance);
  RUN_TEST(a_year_of_an_endless_stream_of_lines_stays_below_the_bound);
  return UNITY_END();
}
