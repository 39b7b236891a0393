#include <memory>
#include <string>

#include "features/log_store/log_console.h"
#include "features/log_store/log_store.h"
#include "support/check.h"
#include "support/fake_clock.h"
#include "support/fake_retained_ram.h"
#include "support/fake_storage.h"
#include "support/fake_uart.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

/// The features of one boot.
struct Life {
  Logger log;
  TimeSync time;
  LogStore store;
  LogConsole console;

  Life(FakeRetainedRam& memory, const FakeClock& clock, FakeUart& uart, FakeStorage& storage, const Settings& settings)
      : log(clock, uart),
        time(clock, storage),
        store(memory.bytes(), clock, storage, time, settings, log),
        console(store, storage, log) {
    log.set_sink(store.sink());
    store.load();
  }
};

struct Device {
  FakeRetainedRam memory;
  FakeClock clock;
  FakeUart uart;
  FakeStorage storage;
  Settings settings;
  std::unique_ptr<Life> life;

  Device() { settings.log_file_bytes = 1024; }

  Life& boot() {
    clock.set(0);
    life.reset();
    life = std::make_unique<Life>(memory, clock, uart, storage, settings);
    return *life;
  }
  Life& cold_boot() {
    memory.lose_power();
    return boot();
  }
  /// Runs until nothing is due before `limit` ms from now.
  void run_for(Millis limit) {
    const Millis end = clock.now() + limit;
    for (int rounds = 0; rounds < 10'000; ++rounds) {
      const Millis due = earlier(life->store.poll(clock.now()), life->console.poll(clock.now()));
      if (storage.run_one()) continue;
      if (due > end) return clock.set(end);
      if (due > clock.now()) clock.set(due);
    }
    TEST_FAIL_MESSAGE("the log never rests");
  }
  StorageResult flush() {
    StorageResult result = StorageResult::busy;
    TEST_ASSERT_TRUE(life->store.flush(
        {[](void* into, StorageResult each) { *static_cast<StorageResult*>(into) = each; }, &result}));
    run_for(0);
    return result;
  }
  /// Logs `count` lines of 100 bytes, numbered from `first`.
  void log_lines(int first, int count) {
    for (int i = first; i < first + count; ++i) {
      const std::string text = std::to_string(i) + " " + std::string(80, 'x');
      life->log.info("t", text.c_str());
    }
  }
  std::string file(uint32_t number) { return storage.files[LogStore::name_of_file(number).c_str()]; }
  size_t log_files() const {
    size_t count = 0;
    for (const auto& [name, content] : storage.files) count += name.compare(0, 4, "log-") == 0 ? 1u : 0u;
    return count;
  }
  std::string console(void (*command)(LogConsole& console)) {
    uart.take();
    command(life->console);
    run_for(0);
    return uart.take();
  }
  std::string dump() {
    return console([](LogConsole& console) { console.dump(); });
  }
};

/// The ring drops all lines of the dump before they are printed.
void a_dump_ends_when_new_lines_overwrite_its_lines() {
  Device device;
  device.cold_boot();
  device.log_lines(0, 20);
  device.life->console.dump();
  device.life->console.poll(device.clock.now());
  device.log_lines(1000, 50);
  device.uart.take();
  device.run_for(0);
  check_contains("\"lost_bytes\":", device.uart.take());
  device.life->console.dump();
  device.run_for(0);
  check_contains("1049 x", device.uart.take());
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::ok), static_cast<int>(device.flush()));
}

void a_line_is_on_flash_after_the_flush_time() {
  Device device;
  device.cold_boot().log.info("wifi", "up");
  device.run_for(599'999);
  TEST_ASSERT_EQUAL_size_t(0, device.log_files());
  device.run_for(1);
  TEST_ASSERT_EQUAL_STRING("I (0) wifi: up\n", device.file(1).c_str());
}

void an_error_is_on_flash_after_seconds() {
  Device device;
  device.cold_boot();
  device.clock.set(1000);
  device.life->log.error("tx", "lost");
  device.run_for(LogStore::kErrorFlush);
  TEST_ASSERT_EQUAL_STRING("E (1000) tx: lost\n", device.file(1).c_str());
}

void a_flush_is_acknowledged_when_the_lines_are_durable() {
  Device device;
  device.cold_boot().log.info("a", "1");
  StorageResult result = StorageResult::busy;
  device.life->store.flush(
      {[](void* into, StorageResult each) { *static_cast<StorageResult*>(into) = each; }, &result});
  device.life->store.poll(0);
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::busy), static_cast<int>(result));
  device.storage.run_one();
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::ok), static_cast<int>(result));
  TEST_ASSERT_EQUAL_STRING("I (0) a: 1\n", device.file(1).c_str());
}

void a_flush_during_another_write_is_acknowledged() {
  Device device;
  device.cold_boot().log.info("a", "1");
  device.flush();
  device.boot().store.note_crash(ResetReason::panic, "0badcafe", nullptr);
  device.life->store.poll(0);
  TEST_ASSERT_TRUE(device.life->store.busy());
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::ok), static_cast<int>(device.flush()));
  check_contains("crash: the last run crashed", device.file(1));
}

void a_file_that_cannot_be_removed_does_not_keep_the_loop_busy() {
  Device device;
  device.cold_boot();
  device.log_lines(0, 5);
  device.flush();
  device.settings.log_files = 0;
  device.storage.result = StorageResult::failed;
  device.run_for(1000);
  TEST_ASSERT_EQUAL_size_t(1, device.log_files());
  device.storage.result = StorageResult::ok;
  device.run_for(LogStore::kRetry);
  TEST_ASSERT_EQUAL_size_t(0, device.log_files());
}

void a_file_is_filled_before_the_next_one_begins() {
  Device device;
  device.cold_boot();
  for (int i = 0; i < 15; ++i) {
    device.log_lines(i, 1);
    TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::ok), static_cast<int>(device.flush()));
  }
  TEST_ASSERT_EQUAL_size_t(2, device.log_files());
  const std::string all = device.file(1) + device.file(2);
  for (int i = 0; i < 15; ++i) check_contains("t: " + std::to_string(i) + " x", all);
  TEST_ASSERT_LESS_OR_EQUAL_size_t(1024, device.file(1).size());
  TEST_ASSERT_GREATER_THAN_size_t(1024 - 100, device.file(1).size());
}

void only_the_configured_number_of_files_is_kept() {
  Device device;
  device.settings.log_files = 3;
  device.cold_boot();
  for (int i = 0; i < 100; i += 5) {
    device.log_lines(i, 5);
    device.flush();
    device.run_for(LogStore::kWriteInterval);
  }
  TEST_ASSERT_EQUAL_size_t(3, device.log_files());
  check_contains("t: 99 x", device.file(device.life->store.last_file()));
}

void log_files_zero_keeps_nothing_on_flash() {
  Device device;
  device.cold_boot();
  device.log_lines(0, 5);
  device.flush();
  device.settings.log_files = 0;
  device.log_lines(5, 5);
  device.run_for(700'000);
  TEST_ASSERT_EQUAL_size_t(0, device.log_files());
  check_contains("t: 9 x", device.dump());
}

void a_cold_boot_begins_a_new_file() {
  Device device;
  device.cold_boot().log.info("a", "1");
  device.flush();
  device.cold_boot().log.info("b", "2");
  device.flush();
  TEST_ASSERT_EQUAL_STRING("I (0) a: 1\n", device.file(1).c_str());
  TEST_ASSERT_EQUAL_STRING("I (0) b: 2\n", device.file(2).c_str());
}

void a_warm_boot_continues_with_the_lines_that_were_not_on_flash() {
  Device device;
  device.cold_boot().log.info("a", "1");
  device.flush();
  device.life->log.info("b", "2");
  device.boot().log.info("c", "3");
  device.flush();
  TEST_ASSERT_EQUAL_STRING("I (0) a: 1\nI (0) b: 2\nI (0) c: 3\n", device.file(1).c_str());
  TEST_ASSERT_EQUAL_size_t(1, device.log_files());
}

void lines_that_were_overwritten_before_they_were_on_flash_are_counted() {
  Device device;
  device.cold_boot();
  device.storage.result = StorageResult::failed;
  device.log_lines(0, 100);
  device.run_for(1000);
  device.storage.result = StorageResult::ok;
  device.run_for(LogStore::kRetry);
  TEST_ASSERT_GREATER_THAN_UINT32(5000, device.life->store.lost());
  check_contains("W (", device.dump());
  check_contains("log: lines were overwritten before they were on flash bytes=", device.dump());
}

void the_wall_time_is_beside_the_uptime_once_it_is_known() {
  Device device;
  device.cold_boot().log.info("a", "1");
  device.life->time.set_from_csms(1'714'564'800'000);
  device.clock.advance(250);
  device.life->log.info("b", "2");
  device.flush();
  TEST_ASSERT_EQUAL_STRING("I (0) a: 1\n2024-05-01T12:00:00.250Z I (250) b: 2\n", device.file(1).c_str());
}

void a_full_flash_takes_the_oldest_files_and_then_nothing() {
  Device device;
  device.cold_boot();
  for (int i = 0; i < 40; ++i) {
    device.log_lines(i, 1);
    device.flush();
  }
  const uint32_t last = device.life->store.last_file();
  TEST_ASSERT_GREATER_THAN_size_t(3, device.log_files());
  device.storage.spare_result = StorageResult::full;
  device.log_lines(40, 12);
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::full), static_cast<int>(device.flush()));
  TEST_ASSERT_LESS_OR_EQUAL_size_t(1, device.log_files());
  device.run_for(LogStore::kRetry - 1);
  device.storage.spare_result = StorageResult::ok;
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::ok), static_cast<int>(device.flush()));
  TEST_ASSERT_GREATER_THAN_UINT32(last, device.life->store.last_file());
}

void a_crash_is_stored_with_its_last_lines() {
  Device device;
  device.cold_boot();
  device.log_lines(0, 38);
  device.clock.set(98'765);
  device.run_for(0);
  device.boot();
  CrashReport report;
  report.cause.assign("abort() was called");
  report.frames[0] = 0x1a2b;
  report.frames[1] = 0x3c4d;
  report.frame_count = 2;
  device.life->store.note_crash(ResetReason::panic, "0badcafe", &report);
  device.run_for(1000);
  const std::string line =
      "E (0) crash: the last run crashed reason=panic uptime_ms=98765 build=0badcafe cause=\"abort() was called\" "
      "backtrace=0x1a2b,0x3c4d\n";
  TEST_ASSERT_EQUAL_STRING(line.c_str(), device.storage.files["crash"].c_str());
  const std::string before = device.storage.files["crash_log"];
  TEST_ASSERT_GREATER_THAN_size_t(1900, before.size());
  TEST_ASSERT_LESS_OR_EQUAL_size_t(Storage::kMaxContent, before.size());
  check_contains("t: 37 x", before);
  const std::string shown = device.console([](LogConsole& console) { console.crash(); });
  check_contains("L I (0) t: 37 x", shown);
  check_contains("L " + line.substr(0, line.size() - 1) + "\r\n= {\"lines\":", shown);
}

void a_crash_after_which_no_log_survived_replaces_the_older_one() {
  Device device;
  device.cold_boot();
  device.log_lines(0, 5);
  device.boot().store.note_crash(ResetReason::panic, "0badcafe", nullptr);
  device.run_for(0);
  check_contains("t: 4 x", device.storage.files["crash_log"]);
  device.cold_boot().store.note_crash(ResetReason::watchdog, "0badcafe", nullptr);
  device.run_for(0);
  TEST_ASSERT_EQUAL_STRING("W (0) crash: no log survived the reset\n", device.storage.files["crash_log"].c_str());
  check_contains("reason=watchdog", device.storage.files["crash"]);
}

void a_power_cut_leaves_no_crash_with_the_log_of_another_one() {
  Device device;
  device.cold_boot();
  device.log_lines(0, 5);
  device.boot().store.note_crash(ResetReason::panic, "0badcafe", nullptr);
  device.run_for(0);
  device.boot().store.note_crash(ResetReason::watchdog, "0badcafe", nullptr);
  std::string& crash = device.storage.files["crash"];
  for (int i = 0; i < 10 && crash.find("watchdog") == std::string::npos; ++i) {
    device.life->store.poll(device.clock.now());
    device.storage.run_one();
  }
  check_contains("reason=watchdog", crash);
  TEST_ASSERT_EQUAL_size_t(0, device.storage.files.count("crash_log"));
}

void without_a_crash_there_is_nothing_to_show() {
  Device device;
  device.cold_boot();
  TEST_ASSERT_EQUAL_STRING("= error: no crash is stored\r\n",
                           device.console([](LogConsole& console) { console.crash(); }).c_str());
}

void a_file_without_text_is_reported_and_skipped() {
  Device device;
  device.cold_boot();
  device.log_lines(0, 40);
  device.run_for(60'000);
  TEST_ASSERT_TRUE(device.storage.files.count("log-0000000001") == 1);
  device.storage.files["log-0000000001"] = std::string(
                                               "\xFA"
                                               "PB\x1A\x01\0",
                                               6) +
                                           "I (0) t: 0\n";
  const std::string shown = device.dump();
  check_contains("E (60000) log: the file log-0000000001 is lost: it has no text\r\n", shown);
  TEST_ASSERT_EQUAL_size_t(shown.find("is lost"), shown.rfind("is lost"));
  TEST_ASSERT_EQUAL_size_t(std::string::npos, shown.find("t: 0 "));
  check_contains("t: 39 x", shown);
}

void a_damaged_crash_is_not_taken_for_none() {
  Device device;
  device.cold_boot();
  device.storage.files["crash"] = "\x01\x02";
  check_contains("= error: the stored crash is damaged\r\n",
                 device.console([](LogConsole& console) { console.crash(); }));
}

void a_loop_of_crashes_does_not_wear_the_flash() {
  Device device;
  device.cold_boot();
  for (int i = 0; i < 100; ++i) {
    device.boot().store.note_crash(ResetReason::panic, "0badcafe", nullptr);
    device.run_for(1000);
  }
  device.boot().store.note_crash(ResetReason::panic, "0badcafe", nullptr);
  device.run_for(1000);
  TEST_ASSERT_EQUAL_UINT32(0, device.life->store.writes());
}

void a_storm_of_lines_writes_no_more_than_the_credit() {
  Device device;
  device.cold_boot();
  for (int second = 0; second < 3600; ++second) {
    device.log_lines(second, 10);
    device.run_for(1000);
  }
  TEST_ASSERT_LESS_OR_EQUAL_UINT32(LogStore::kFirstSaved + 3'600'000 / LogStore::kWriteInterval,
                                   device.life->store.writes());
}

void a_dump_has_the_lines_of_flash_and_ring_in_order() {
  Device device;
  device.cold_boot();
  for (int i = 0; i < 30; ++i) {
    device.log_lines(i, 1);
    if (i < 25) device.flush();
  }
  const std::string dump = device.dump();
  size_t at = 0;
  for (int i = 0; i < 30; ++i) {
    const size_t found = dump.find("L I (0) t: " + std::to_string(i) + " x", at);
    TEST_ASSERT_NOT_EQUAL(std::string::npos, found);
    at = found + 1;
  }
  check_contains("= {\"lines\":30,\"lost_bytes\":0}\r\n", dump);
}

void a_tail_has_the_last_lines() {
  Device device;
  device.cold_boot();
  for (int i = 0; i < 30; ++i) {
    device.log_lines(i, 1);
    if (i < 25) device.flush();
  }
  for (const uint32_t count : {1u, 5u, 6u, 20u, 29u}) {
    device.uart.take();
    device.life->console.tail(count);
    device.run_for(0);
    const std::string shown = device.uart.take();
    TEST_ASSERT_EQUAL_size_t(0, shown.find("L I (0) t: " + std::to_string(30 - count) + " x"));
    check_contains("= {\"lines\":" + std::to_string(count) + ",", shown);
  }
}

void a_dump_waits_for_room_in_the_uart() {
  Device device;
  device.cold_boot();
  device.log_lines(0, 10);
  device.uart.room = 100;
  device.uart.take();
  device.life->console.dump();
  device.run_for(1000);
  TEST_ASSERT_EQUAL_STRING("", device.uart.take().c_str());
  device.uart.room = 4096;
  device.run_for(1000);
  check_contains("= {\"lines\":10,", device.uart.take());
  TEST_ASSERT_EQUAL_UINT32(0, device.uart.dropped());
}

void secrets_are_not_stored() {
  Device device;
  device.settings.wifi_psk.assign("hunter22hunter22");
  device.cold_boot().log.info("a", "the key is hunter22hunter22!");
  device.settings.setup_psk.assign("setuphunter");
  device.life->log.info("a", "set up with setuphunter");
  const std::string filler(LogRing::kMaxLine - 20, 'x');
  device.life->log.info("b", filler.c_str(), " hunter22hunter22");
  device.flush();
  TEST_ASSERT_EQUAL(std::string::npos, device.file(1).find("hunter"));
  check_contains("the key is ****************!", device.file(1));
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(a_dump_ends_when_new_lines_overwrite_its_lines);
  RUN_TEST(a_line_is_on_flash_after_the_flush_time);
  RUN_TEST(an_error_is_on_flash_after_seconds);
  RUN_TEST(a_flush_is_acknowledged_when_the_lines_are_durable);
  RUN_TEST(a_flush_during_another_write_is_acknowledged);
  RUN_TEST(a_file_that_cannot_be_removed_does_not_keep_the_loop_busy);
  RUN_TEST(a_file_is_filled_before_the_next_one_begins);
  RUN_TEST(only_the_configured_number_of_files_is_kept);
  RUN_TEST(log_files_zero_keeps_nothing_on_flash);
  RUN_TEST(a_cold_boot_begins_a_new_file);
  RUN_TEST(a_warm_boot_continues_with_the_lines_that_were_not_on_flash);
  RUN_TEST(lines_that_were_overwritten_before_they_were_on_flash_are_counted);
  RUN_TEST(the_wall_time_is_beside_the_uptime_once_it_is_known);
  RUN_TEST(a_full_flash_takes_the_oldest_files_and_then_nothing);
  RUN_TEST(a_crash_is_stored_with_its_last_lines);
  RUN_TEST(a_crash_after_which_no_log_survived_replaces_the_older_one);
  RUN_TEST(a_power_cut_leaves_no_crash_with_the_log_of_another_one);
  RUN_TEST(without_a_crash_there_is_nothing_to_show);
  RUN_TEST(a_file_without_text_is_reported_and_skipped);
  RUN_TEST(a_damaged_crash_is_not_taken_for_none);
  RUN_TEST(a_loop_of_crashes_does_not_wear_the_flash);
  RUN_TEST(a_storm_of_lines_writes_no_more_than_the_credit);
  RUN_TEST(a_dump_has_the_lines_of_flash_and_ring_in_order);
  RUN_TEST(a_tail_has_the_last_lines);
  RUN_TEST(a_dump_waits_for_room_in_the_uart);
  RUN_TEST(secrets_are_not_stored);
  return UNITY_END();
}
