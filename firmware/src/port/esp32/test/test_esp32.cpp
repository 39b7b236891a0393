#include <string.h>
#include <unity.h>

#include <string>

#include "driver/gpio.h"
#include "esp_netif.h"
#include "fake_idf.h"
#include "features/board/pins.h"
#include "port/esp32/esp_clock.h"
#include "port/esp32/esp_edges.h"
#include "port/esp32/esp_ethernet.h"
#include "port/esp32/esp_gpio.h"
#include "port/esp32/esp_interlock.h"
#include "port/esp32/esp_mapped_flash.h"
#include "port/esp32/esp_partition_flash.h"
#include "port/esp32/esp_power.h"
#include "port/esp32/esp_sntp.h"
#include "port/esp32/esp_uart.h"
#include "port/esp32/esp_updates.h"
#include "port/esp32/esp_waker.h"
#include "port/esp32/esp_wifi.h"
#include "port/esp32/pulse_counter.h"
#include "port/esp32/tasks.h"

using namespace pb;
using namespace pb::esp32;

namespace {

constexpr int kContactor = 22;
constexpr int kStop = 25;
constexpr int kButton = 26;
constexpr uint8_t kReasonLeave = 8;
constexpr uint8_t kReasonHandshake = 15;

Bytes bytes_of(const std::string& text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }

struct Loop {
  EspClock clock;
  EspWaker waker{clock};
};

// -- sleeping ---------------------------------------------------------------------------------------------------------

void deadline_that_has_passed_does_not_sleep() {
  Loop loop;
  chip.now_us = 5'000'000;
  loop.waker.sleep_until(4'000);
  TEST_ASSERT_EQUAL(0, chip.sleeps.size());
}

void sleep_lasts_to_the_deadline_and_a_minute_at_most() {
  Loop loop;
  chip.now_us = 5'000'000;
  loop.waker.sleep_until(5'250);
  loop.waker.sleep_until(kNever);
  TEST_ASSERT_EQUAL(2, chip.sleeps.size());
  TEST_ASSERT_EQUAL_UINT32(250, chip.sleeps[0]);
  TEST_ASSERT_EQUAL_UINT32(60'000, chip.sleeps[1]);
}

// -- interlock --------------------------------------------------------------------------------------------------------

struct Armed : Loop {
  EspGpio gpio;
  EspInterlock interlock{gpio, waker, kContactor, kStop};

  Armed() { interlock.arm(); }
};

void stop_opens_the_contactor_in_its_handler() {
  Armed bench;
  TEST_ASSERT_TRUE(bench.interlock.close());
  TEST_ASSERT_EQUAL(1, chip.levels[kContactor]);
  chip.edge(kStop, 1);
  TEST_ASSERT_EQUAL(0, chip.levels[kContactor]);
  TEST_ASSERT_FALSE(bench.interlock.closed());
  TEST_ASSERT_EQUAL(1, chip.notifications);
}

void press_that_is_over_before_its_handler_runs_is_a_trip() {
  Armed bench;
  bench.interlock.close();
  chip.short_pulse(kStop);
  TEST_ASSERT_EQUAL(0, chip.levels[kContactor]);
  TEST_ASSERT_FALSE(bench.interlock.close());
  TEST_ASSERT_EQUAL_UINT32(1, bench.interlock.take_trips());
  TEST_ASSERT_TRUE(bench.interlock.close());
}

void release_is_no_trip() {
  Armed bench;
  chip.edge(kStop, 1);
  chip.edge(kStop, 0);
  TEST_ASSERT_EQUAL_UINT32(1, bench.interlock.take_trips());
}

void stop_that_is_pressed_at_arming_is_a_trip() {
  chip.levels[kStop] = 1;
  Armed bench;
  TEST_ASSERT_FALSE(bench.interlock.close());
  TEST_ASSERT_EQUAL_UINT32(1, bench.interlock.take_trips());
}

// -- edges ------------------------------------------------------------------------------------------------------------

void bounces_are_one_press_and_all_are_edges() {
  Loop loop;
  EspEdges edges(loop.waker);
  edges.watch(kButton, 50);
  chip.edge(kButton, 1);
  chip.now_us += 1'000;
  chip.edge(kButton, 0);
  chip.now_us += 1'000;
  chip.edge(kButton, 1);
  chip.now_us += 60'000;
  chip.edge(kButton, 0);
  chip.now_us += 60'000;
  chip.edge(kButton, 1);
  TEST_ASSERT_EQUAL_UINT32(5, edges.count(kButton));
  TEST_ASSERT_EQUAL_UINT32(2, edges.presses(kButton));
  TEST_ASSERT_EQUAL(5, chip.notifications);
}

void watching_anew_counts_from_zero() {
  Loop loop;
  EspEdges edges(loop.waker);
  edges.watch(kButton, 50);
  chip.edge(kButton, 1);
  edges.watch(kButton, 50);
  TEST_ASSERT_EQUAL_UINT32(0, edges.count(kButton));
}

void all_inputs_of_a_board_can_be_watched() {
  Loop loop;
  EspEdges edges(loop.waker);
  for (const int pin : {pins::kCable, pins::kVehicleReady, pins::kEmergencyStop, pins::kAuthButton, pins::kMeterPulse,
                        pins::kPowerFail, pins::kLockFeedback}) {
    edges.watch(pin, 0);
    chip.edge(pin, 1);
    TEST_ASSERT_EQUAL_UINT32(1, edges.count(pin));
  }
}

// -- pulses -----------------------------------------------------------------------------------------------------------

void pulses_outlast_the_register() {
  PulseCounter counter;
  counter.start(27);
  for (int i = 0; i < 100'000; ++i) chip.pulse();
  TEST_ASSERT_EQUAL_UINT32(100'000, counter.count());
}

// -- console ----------------------------------------------------------------------------------------------------------

void line_that_does_not_fit_is_dropped_whole_and_counted() {
  Loop loop;
  EspUart uart(loop.waker, 6);
  TEST_ASSERT_TRUE(uart.write(bytes_of(std::string(EspUart::kRing - 3, 'a'))));
  TEST_ASSERT_FALSE(uart.write(bytes_of("four")));
  TEST_ASSERT_TRUE(uart.write(bytes_of("two")));
  TEST_ASSERT_EQUAL_UINT32(4, uart.dropped());
}

void driver_that_takes_less_gets_the_rest() {
  Loop loop;
  EspUart uart(loop.waker, 6);
  chip.taken_at_a_time = 3;
  uart.write(bytes_of("I (1) boot: plugbench\r\n"));
  uart.send_run();
  TEST_ASSERT_EQUAL_STRING("I (1) boot: plugbench\r\n", chip.sent.c_str());
}

void typed_bytes_wake_the_loop() {
  Loop loop;
  EspUart uart(loop.waker, 6);
  chip.on_uart_news(UART_NUM_0, UART_SELECT_WRITE_NOTIF, nullptr);
  TEST_ASSERT_EQUAL(0, chip.notifications);
  chip.on_uart_news(UART_NUM_0, UART_SELECT_READ_NOTIF, nullptr);
  TEST_ASSERT_EQUAL(1, chip.notifications);
}

// -- stacks -----------------------------------------------------------------------------------------------------------

void stacks_are_those_of_the_tasks_that_run() {
  chip.running = {"main", "tiT"};
  StackMark marks[4];
  TEST_ASSERT_EQUAL(2, task_stacks(marks));
  TEST_ASSERT_EQUAL_STRING("main", marks[0].task);
  TEST_ASSERT_EQUAL_STRING("tiT", marks[1].task);
  TEST_ASSERT_EQUAL_UINT32(640, marks[1].unused);
}

void processor_times_are_those_of_the_tasks_that_run() {
  chip.running = {"main", "IDLE"};
  TaskTime times[4];
  TEST_ASSERT_EQUAL(2, task_times(times));
  TEST_ASSERT_EQUAL_STRING("IDLE", times[1].task);
  TEST_ASSERT_EQUAL_UINT32(12'345, times[1].worked_us);
}

void more_tasks_than_room_are_left_out() {
  chip.running = {"main", "tiT"};
  StackMark marks[1];
  TEST_ASSERT_EQUAL(1, task_stacks(marks));
}

// -- Ethernet ---------------------------------------------------------------------------------------------------------

struct Cable : Loop {
  EspEthernet ethernet{waker};

  Cable() {
    ethernet.begin("", "");
    chip.run_started();
  }
  void check(NetworkState state) { TEST_ASSERT_EQUAL(static_cast<int>(state), static_cast<int>(ethernet.state())); }
};

void ethernet_drives_no_pin() {
  chip.phy_reset_pin = 0;
  Cable cable;
  TEST_ASSERT_TRUE(chip.is_ethernet_started);
  TEST_ASSERT_EQUAL(-1, chip.phy_reset_pin);
}

void cable_and_address_bring_ethernet_up() {
  Cable cable;
  cable.check(NetworkState::associating);
  chip.event(ETH_EVENT, ETHERNET_EVENT_CONNECTED);
  cable.check(NetworkState::dhcp);
  chip.event(IP_EVENT, IP_EVENT_ETH_GOT_IP);
  cable.check(NetworkState::up);
  chip.event(ETH_EVENT, ETHERNET_EVENT_DISCONNECTED);
  cable.check(NetworkState::down);
  TEST_ASSERT_EQUAL_UINT32(1, cable.ethernet.losses());
  // The next attempt starts no second driver, and follows what the driver has reported meanwhile.
  chip.event(ETH_EVENT, ETHERNET_EVENT_CONNECTED);
  cable.check(NetworkState::down);
  cable.ethernet.begin("", "");
  TEST_ASSERT_TRUE(chip.started.empty());
  cable.check(NetworkState::dhcp);
}

// -- Wi-Fi ------------------------------------------------------------------------------------------------------------

struct Radio : Loop {
  EspWifi wifi{waker};

  /// Joins up to `state`.
  void join(NetworkState state = NetworkState::up) {
    wifi.begin("net", "passphrase");
    chip.run_started();
    event(WIFI_EVENT, WIFI_EVENT_STA_START);
    if (state == NetworkState::associating) return;
    event(WIFI_EVENT, WIFI_EVENT_STA_CONNECTED);
    if (state == NetworkState::up) event(IP_EVENT, IP_EVENT_STA_GOT_IP);
  }
  /// An event of the driver that the loop handles.
  void event(esp_event_base_t base, int32_t id) {
    if (base == WIFI_EVENT && id == WIFI_EVENT_STA_CONNECTED) chip.is_associated = true;
    chip.event(base, id);
    wifi.state();
  }
  void disconnected(uint8_t reason) {
    chip.is_associated = false;
    chip.disconnected(reason);
    wifi.state();
  }
  void check(NetworkState state) { TEST_ASSERT_EQUAL(static_cast<int>(state), static_cast<int>(wifi.state())); }
};

std::string last_calls(size_t count) {
  std::string text;
  for (size_t i = chip.radio_calls.size() - count; i < chip.radio_calls.size(); ++i) text += chip.radio_calls[i] + ";";
  return text;
}

void driver_starts_in_a_task_and_connects_once_it_has_started() {
  Radio radio;
  radio.wifi.begin("net", "passphrase");
  TEST_ASSERT_EQUAL(0, chip.radio_calls.size());
  chip.run_started();
  TEST_ASSERT_EQUAL_STRING("start;", last_calls(1).c_str());
  radio.event(WIFI_EVENT, WIFI_EVENT_STA_START);
  TEST_ASSERT_EQUAL_STRING("config net;connect;", last_calls(2).c_str());
  radio.check(NetworkState::associating);
}

void station_goes_up_by_way_of_dhcp() {
  Radio radio;
  radio.join(NetworkState::dhcp);
  radio.check(NetworkState::dhcp);
  radio.event(IP_EVENT, IP_EVENT_STA_GOT_IP);
  radio.check(NetworkState::up);
  const LinkInfo link = radio.wifi.link();
  TEST_ASSERT_EQUAL_INT8(-51, link.rssi);
  TEST_ASSERT_EQUAL_UINT8(11, link.channel);
  TEST_ASSERT_EQUAL_UINT8(7, link.bssid[5]);
  TEST_ASSERT_EQUAL_UINT8(192, link.address[0]);
  TEST_ASSERT_EQUAL_UINT8(2, link.address[3]);
}

void lost_link_is_counted_with_its_reason() {
  Radio radio;
  radio.join();
  radio.disconnected(Network::kReasonBeaconTimeout);
  radio.check(NetworkState::down);
  TEST_ASSERT_EQUAL_UINT32(1, radio.wifi.losses());
  TEST_ASSERT_EQUAL_UINT16(Network::kReasonBeaconTimeout, radio.wifi.disconnect_reason());
}

void failed_attempt_is_no_loss() {
  Radio radio;
  radio.join(NetworkState::associating);
  radio.disconnected(kReasonHandshake);
  radio.check(NetworkState::down);
  TEST_ASSERT_EQUAL_UINT32(0, radio.wifi.losses());
  TEST_ASSERT_EQUAL_UINT16(kReasonHandshake, radio.wifi.disconnect_reason());
}

void answer_to_end_does_not_end_the_next_attempt() {
  Radio radio;
  radio.join();
  radio.wifi.end(Network::kReasonNone);
  radio.wifi.begin("other", "passphrase");
  TEST_ASSERT_EQUAL_STRING("disconnect;", last_calls(1).c_str());
  radio.disconnected(kReasonLeave);
  radio.check(NetworkState::associating);
  TEST_ASSERT_EQUAL_STRING("config other;connect;", last_calls(2).c_str());
}

void late_address_does_not_bring_an_ended_link_up() {
  Radio radio;
  radio.join(NetworkState::dhcp);
  radio.wifi.end(Network::kReasonNone);
  radio.event(IP_EVENT, IP_EVENT_STA_GOT_IP);
  radio.check(NetworkState::down);
}

void lost_address_is_a_loss_of_the_link() {
  Radio radio;
  radio.join();
  radio.event(IP_EVENT, IP_EVENT_STA_LOST_IP);
  radio.check(NetworkState::down);
  TEST_ASSERT_EQUAL_UINT32(1, radio.wifi.losses());
}

void name_that_fills_its_field_is_passed_on_whole() {
  Radio radio;
  const std::string name(32, 'n');
  radio.wifi.begin({name.data(), name.size()}, "passphrase");
  chip.run_started();
  radio.event(WIFI_EVENT, WIFI_EVENT_STA_START);
  TEST_ASSERT_EQUAL_STRING(("config " + name + ";connect;").c_str(), last_calls(2).c_str());
}

void second_answer_to_end_does_not_end_the_next_attempt() {
  Radio radio;
  radio.join();
  radio.wifi.end(Network::kReasonNone);
  radio.disconnected(kReasonLeave);
  radio.wifi.begin("other", "passphrase");
  radio.disconnected(kReasonLeave);
  radio.check(NetworkState::associating);
}

void lost_answer_to_end_does_not_hold_up_attempts_for_ever() {
  Radio radio;
  radio.join();
  radio.wifi.end(Network::kReasonNone);
  radio.wifi.begin("net", "passphrase");
  TEST_ASSERT_EQUAL_STRING("disconnect;", last_calls(1).c_str());
  radio.wifi.end(Network::kReasonNone);
  radio.wifi.begin("net", "passphrase");
  TEST_ASSERT_EQUAL_STRING("config net;connect;", last_calls(2).c_str());
}

void late_loss_does_not_hide_a_link_that_came_meanwhile() {
  Radio radio;
  radio.join(NetworkState::associating);
  radio.disconnected(Network::kReasonBeaconTimeout);
  radio.check(NetworkState::down);
  radio.event(WIFI_EVENT, WIFI_EVENT_STA_CONNECTED);
  radio.event(IP_EVENT, IP_EVENT_STA_GOT_IP);
  radio.check(NetworkState::up);
}

void late_loss_does_not_end_a_later_link() {
  Radio radio;
  radio.join();
  chip.disconnected(Network::kReasonBeaconTimeout);
  radio.check(NetworkState::up);
  TEST_ASSERT_EQUAL_UINT32(0, radio.wifi.losses());
}

void repeated_loss_is_one_loss() {
  Radio radio;
  radio.join();
  radio.disconnected(Network::kReasonBeaconTimeout);
  radio.disconnected(Network::kReasonBeaconTimeout);
  TEST_ASSERT_EQUAL_UINT32(1, radio.wifi.losses());
}

void busy_driver_leaves_before_it_joins() {
  Radio radio;
  radio.join(NetworkState::associating);
  radio.disconnected(Network::kReasonBeaconTimeout);
  chip.config_results = {ESP_ERR_WIFI_STATE};
  radio.wifi.begin("other", "passphrase");
  TEST_ASSERT_EQUAL_STRING("disconnect;", last_calls(1).c_str());
  radio.disconnected(kReasonLeave);
  TEST_ASSERT_EQUAL_STRING("config other;connect;", last_calls(2).c_str());
  radio.check(NetworkState::associating);
}

void driver_is_asked_for_its_state() {
  Radio radio;
  radio.join();
  const auto check = [&radio](NetworkState expected) {
    TEST_ASSERT_EQUAL(static_cast<int>(expected), static_cast<int>(radio.wifi.driver_state()));
  };
  check(NetworkState::up);
  chip.address = 0;
  check(NetworkState::dhcp);
  chip.is_associated = false;
  check(NetworkState::down);
  radio.check(NetworkState::up);
}

void scan_ends_by_an_event() {
  Radio radio;
  radio.join();
  TEST_ASSERT_TRUE(radio.wifi.start_scan());
  TEST_ASSERT_EQUAL(static_cast<int>(ScanState::running), static_cast<int>(radio.wifi.scan_state()));
  wifi_event_sta_scan_done_t done{};
  chip.event(WIFI_EVENT, WIFI_EVENT_SCAN_DONE, &done);
  TEST_ASSERT_EQUAL(static_cast<int>(ScanState::done), static_cast<int>(radio.wifi.scan_state()));
  FoundNetwork found[4];
  TEST_ASSERT_EQUAL_size_t(1, radio.wifi.take_scan(found));
  TEST_ASSERT_EQUAL_STRING("net", found[0].ssid.c_str());
  TEST_ASSERT_EQUAL_INT8(-70, found[0].rssi);
}

void scan_whose_event_is_lost_fails_after_its_limit() {
  Radio radio;
  radio.join();
  TEST_ASSERT_TRUE(radio.wifi.start_scan());
  chip.now_us += 9'999'999;
  TEST_ASSERT_EQUAL(static_cast<int>(ScanState::running), static_cast<int>(radio.wifi.scan_state()));
  chip.now_us += 1;
  TEST_ASSERT_EQUAL(static_cast<int>(ScanState::failed), static_cast<int>(radio.wifi.scan_state()));
  TEST_ASSERT_EQUAL_STRING("scan_stop;", last_calls(1).c_str());
  TEST_ASSERT_TRUE(radio.wifi.start_scan());
}

void access_point_opens_once_the_driver_has_started() {
  Radio radio;
  TEST_ASSERT_TRUE(radio.wifi.open_access_point("setup", "passphrase"));
  chip.run_started();
  TEST_ASSERT_EQUAL(WIFI_MODE_STA, chip.mode);
  radio.event(WIFI_EVENT, WIFI_EVENT_STA_START);
  TEST_ASSERT_EQUAL(WIFI_MODE_APSTA, chip.mode);
  TEST_ASSERT_EQUAL_STRING("access point setup;", last_calls(1).c_str());
  radio.wifi.close_access_point();
  TEST_ASSERT_EQUAL(WIFI_MODE_STA, chip.mode);
}

// -- flash ------------------------------------------------------------------------------------------------------------

void flash_rejects_offsets_outside_of_the_partition() {
  EspPartitionFlash flash("storage");
  uint8_t bytes[16] = {};
  const auto check = [](FlashResult expected, FlashResult result) {
    TEST_ASSERT_EQUAL(static_cast<int>(expected), static_cast<int>(result));
  };
  check(FlashResult::out_of_range, flash.read(8192, bytes));
  check(FlashResult::out_of_range, flash.program(SIZE_MAX, bytes));
  check(FlashResult::out_of_range, flash.erase(8192));
  check(FlashResult::unaligned, flash.program(8, bytes));
  check(FlashResult::unaligned, flash.erase(16));
  check(FlashResult::ok, flash.program(8176, bytes));
}

void partition_that_is_missing_has_no_size() {
  EspPartitionFlash flash("stroage");
  uint8_t byte[1];
  TEST_ASSERT_EQUAL(0, flash.size());
  TEST_ASSERT_EQUAL(static_cast<int>(FlashResult::out_of_range), static_cast<int>(flash.read(0, byte)));
}

// -- power ------------------------------------------------------------------------------------------------------------

void clock_falls_to_that_of_the_bus_and_no_further() {
  EspPower power;
  TEST_ASSERT_TRUE(power.apply({true, true, false}));
  TEST_ASSERT_EQUAL(80, chip.min_mhz);
  TEST_ASSERT_EQUAL(160, chip.max_mhz);
  TEST_ASSERT_TRUE(chip.modem_sleep);
  TEST_ASSERT_FALSE(chip.light_sleep);
  TEST_ASSERT_TRUE(power.apply({false, false, true}));
  TEST_ASSERT_EQUAL(160, chip.min_mhz);
  TEST_ASSERT_FALSE(chip.modem_sleep);
  TEST_ASSERT_TRUE(chip.light_sleep);
}

void radio_that_has_not_started_rejects_nothing() {
  EspPower power;
  chip.ps_result = ESP_ERR_WIFI_NOT_INIT;
  TEST_ASSERT_TRUE(power.apply({true, true, false}));
  chip.ps_result = ESP_FAIL;
  TEST_ASSERT_FALSE(power.apply({true, true, false}));
}

void rejected_clock_leaves_the_radio_to_sleep() {
  EspPower power;
  chip.pm_result = ESP_FAIL;
  chip.modem_sleep = false;
  TEST_ASSERT_FALSE(power.apply({true, true, false}));
  TEST_ASSERT_TRUE(chip.modem_sleep);
}

void brownout_level_is_the_next_one_of_the_chip() {
  EspPower power;
  TEST_ASSERT_EQUAL_UINT32(2'430, power.set_brownout(2'400));
  TEST_ASSERT_EQUAL(0, chip.brownout_threshold);
  TEST_ASSERT_EQUAL_UINT32(2'700, power.set_brownout(2'671));
  TEST_ASSERT_EQUAL(5, chip.brownout_threshold);
  TEST_ASSERT_EQUAL_UINT32(2'800, power.set_brownout(3'300));
  TEST_ASSERT_EQUAL(7, chip.brownout_threshold);
}

void mapped_partition_is_read_as_memory() {
  EspMappedFlash flash("storage");
  const uint8_t bytes[16] = {0x12};
  TEST_ASSERT_EQUAL_size_t(8192, flash.mapped().length);
  TEST_ASSERT_EQUAL(static_cast<int>(FlashResult::ok), static_cast<int>(flash.program(4096, bytes)));
  TEST_ASSERT_EQUAL_HEX8(0x12, flash.mapped().data[4096]);
  TEST_ASSERT_EQUAL_size_t(0, EspMappedFlash("stroage").mapped().length);
}

// -- time server ------------------------------------------------------------------------------------------------------

void answer_of_the_time_server_is_handed_over_once() {
  Loop loop;
  EspSntp sntp(loop.clock, loop.waker);
  {
    const FixedText<Sntp::kMaxServer> name("ntp.example");
    TEST_ASSERT_TRUE(sntp.start(name.text()));
  }
  TEST_ASSERT_EQUAL_STRING("ntp.example", chip.sntp.servers[0]);  // lwIP keeps the pointer
  chip.now_us = 2'500'000;
  timeval received{1'795'860'000, 250'000};
  chip.sntp.sync_cb(&received);
  TEST_ASSERT_EQUAL(1, chip.notifications);
  chip.now_us = 2'900'000;
  SntpTime time;
  TEST_ASSERT_TRUE(sntp.take(time));
  TEST_ASSERT_EQUAL_INT64(1'795'860'000'250, time.unix_ms);
  TEST_ASSERT_EQUAL_UINT64(2'500, time.at);
  TEST_ASSERT_FALSE(sntp.take(time));
}

void stopped_client_of_sntp_keeps_no_time() {
  Loop loop;
  EspSntp sntp(loop.clock, loop.waker);
  sntp.start("ntp.example");
  timeval received{1'795'860'000, 0};
  chip.sntp.sync_cb(&received);
  sntp.stop();
  SntpTime time;
  TEST_ASSERT_FALSE(sntp.take(time));
  TEST_ASSERT_NULL(chip.sntp.sync_cb);
}

void client_of_sntp_without_memory_can_be_started_again() {
  Loop loop;
  EspSntp sntp(loop.clock, loop.waker);
  chip.sntp_result = ESP_FAIL;
  TEST_ASSERT_FALSE(sntp.start("ntp.example"));
  chip.sntp_result = ESP_OK;
  TEST_ASSERT_TRUE(sntp.start("ntp.example"));
}

// -- updates ----------------------------------------------------------------------------------------------------------

void check_updates(const std::vector<std::string>& calls, UpdateResult expected, UpdateResult result) {
  TEST_ASSERT_EQUAL(static_cast<int>(expected), static_cast<int>(result));
  TEST_ASSERT_TRUE(calls == chip.update_calls);
}

void image_is_written_validated_and_chosen() {
  EspUpdates updates;
  TEST_ASSERT_EQUAL_size_t(8192, updates.room());
  updates.begin(3000);
  updates.write(bytes_of("image"));
  check_updates({"begin", "write", "end", "choose"}, UpdateResult::ok, updates.finish());
  TEST_ASSERT_EQUAL_STRING("image", chip.image.c_str());
}

void image_that_is_not_valid_is_not_chosen() {
  EspUpdates updates;
  chip.update_results["end"] = ESP_ERR_OTA_VALIDATE_FAILED;
  updates.begin(3000);
  check_updates({"begin", "end"}, UpdateResult::damaged, updates.finish());
  updates.abort();  // its handle is gone
  chip.update_results["begin"] = ESP_ERR_OTA_ROLLBACK_INVALID_STATE;
  check_updates({"begin", "end", "begin"}, UpdateResult::unconfirmed, updates.begin(3000));
  TEST_ASSERT_EQUAL(static_cast<int>(UpdateResult::failed), static_cast<int>(updates.write(bytes_of("image"))));
}

void image_that_is_given_up_is_freed_once() {
  EspUpdates updates;
  updates.begin(3000);
  updates.abort();
  updates.abort();
  check_updates({"begin", "abort"}, UpdateResult::too_large, updates.begin(8193));
}

}  // namespace

void setUp() { chip = FakeIdf{}; }
void tearDown() {}

int main() {
  UNITY_BEGIN();
  RUN_TEST(deadline_that_has_passed_does_not_sleep);
  RUN_TEST(sleep_lasts_to_the_deadline_and_a_minute_at_most);
  RUN_TEST(stop_opens_the_contactor_in_its_handler);
  RUN_TEST(press_that_is_over_before_its_handler_runs_is_a_trip);
  RUN_TEST(release_is_no_trip);
  RUN_TEST(stop_that_is_pressed_at_arming_is_a_trip);
  RUN_TEST(bounces_are_one_press_and_all_are_edges);
  RUN_TEST(watching_anew_counts_from_zero);
  RUN_TEST(all_inputs_of_a_board_can_be_watched);
  RUN_TEST(pulses_outlast_the_register);
  RUN_TEST(line_that_does_not_fit_is_dropped_whole_and_counted);
  RUN_TEST(driver_that_takes_less_gets_the_rest);
  RUN_TEST(typed_bytes_wake_the_loop);
  RUN_TEST(stacks_are_those_of_the_tasks_that_run);
  RUN_TEST(processor_times_are_those_of_the_tasks_that_run);
  RUN_TEST(more_tasks_than_room_are_left_out);
  RUN_TEST(ethernet_drives_no_pin);
  RUN_TEST(cable_and_address_bring_ethernet_up);
  RUN_TEST(driver_starts_in_a_task_and_connects_once_it_has_started);
  RUN_TEST(station_goes_up_by_way_of_dhcp);
  RUN_TEST(lost_link_is_counted_with_its_reason);
  RUN_TEST(failed_attempt_is_no_loss);
  RUN_TEST(answer_to_end_does_not_end_the_next_attempt);
  RUN_TEST(late_address_does_not_bring_an_ended_link_up);
  RUN_TEST(lost_address_is_a_loss_of_the_link);
  RUN_TEST(name_that_fills_its_field_is_passed_on_whole);
  RUN_TEST(second_answer_to_end_does_not_end_the_next_attempt);
  RUN_TEST(lost_answer_to_end_does_not_hold_up_attempts_for_ever);
  RUN_TEST(late_loss_does_not_hide_a_link_that_came_meanwhile);
  RUN_TEST(late_loss_does_not_end_a_later_link);
  RUN_TEST(repeated_loss_is_one_loss);
  RUN_TEST(busy_driver_leaves_before_it_joins);
  RUN_TEST(driver_is_asked_for_its_state);
  RUN_TEST(scan_ends_by_an_event);
  RUN_TEST(scan_whose_event_is_lost_fails_after_its_limit);
  RUN_TEST(access_point_opens_once_the_driver_has_started);
  RUN_TEST(clock_falls_to_that_of_the_bus_and_no_further);
  RUN_TEST(radio_that_has_not_started_rejects_nothing);
  RUN_TEST(rejected_clock_leaves_the_radio_to_sleep);
  RUN_TEST(brownout_level_is_the_next_one_of_the_chip);
  RUN_TEST(flash_rejects_offsets_outside_of_the_partition);
  RUN_TEST(partition_that_is_missing_has_no_size);
  RUN_TEST(mapped_partition_is_read_as_memory);
  RUN_TEST(answer_of_the_time_server_is_handed_over_once);
  RUN_TEST(stopped_client_of_sntp_keeps_no_time);
  RUN_TEST(client_of_sntp_without_memory_can_be_started_again);
  RUN_TEST(image_is_written_validated_and_chosen);
  RUN_TEST(image_that_is_not_valid_is_not_chosen);
  RUN_TEST(image_that_is_given_up_is_freed_once);
  return UNITY_END();
}
