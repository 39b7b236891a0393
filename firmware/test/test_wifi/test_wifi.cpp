#include <string>

#include "features/wifi/wifi.h"
#include "features/wifi/wifi_console.h"
#include "support/check.h"
#include "support/fake_clock.h"
#include "support/fake_network.h"
#include "support/fake_rng.h"
#include "support/fake_secrets.h"
#include "support/fake_storage.h"
#include "support/fake_uart.h"
#include "support/fake_worker.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

struct Bench {
  FakeClock clock;
  FakeUart uart;
  Logger log{clock, uart};
  FakeNetwork network;
  FakeRng rng;
  FakeStorage storage;
  FakeSecrets secrets;
  FakeWorker worker;
  Config config{storage, log};
  StoredNetworks stored{secrets, worker, log};
  Wifi wifi{network, rng, config, stored, 0x240AC4ABCDEF, log};

  explicit Bench(const std::string& settings = R"("wifi_ssid":"Garage","wifi_psk":"hunter22")") {
    storage.files["config.json"] =
        R"({"backoff_initial_ms":1000,"wifi_backoff_max_s":4)" + (settings.empty() ? "" : "," + settings) + "}";
    config.load(0);
    rng.always(0);  // the jitter is half of the step
  }
  void set(Text key, Text value) {
    TEST_ASSERT_NULL(config.set(key, value, {}));
    storage.run_all();
  }
  void add(uint8_t priority, Text ssid, Text psk) {
    TEST_ASSERT_NULL(stored.add({priority, ssid, psk}, {}));
    worker.deliver_all();
  }
  Millis poll() { return wifi.poll(clock.now()); }
  Millis poll_at(Millis now) {
    clock.set(now);
    return poll();
  }
};

void wifi_joins_the_configured_network() {
  Bench bench;
  TEST_ASSERT_EQUAL_UINT64(Wifi::kAttemptLimit, bench.poll());
  TEST_ASSERT_EQUAL_STRING("Garage", bench.network.ssid.c_str());
  TEST_ASSERT_EQUAL_STRING("hunter22", bench.network.psk.c_str());
  bench.network.become(NetworkState::dhcp);
  bench.poll();
  TEST_ASSERT_FALSE(bench.wifi.up());
  bench.network.become(NetworkState::up);
  TEST_ASSERT_EQUAL_UINT64(bench.clock.now() + Wifi::kWatchInterval, bench.poll());
  TEST_ASSERT_TRUE(bench.wifi.up());
  TEST_ASSERT_FALSE_MESSAGE(bench.uart.wrote("hunter22"), "the key is in the log");
}

void ethernet_needs_no_name() {
  Bench bench("");
  bench.network.what = NetworkKind::ethernet;
  bench.poll();
  TEST_ASSERT_EQUAL(1, bench.network.begins);
  bench.network.become(NetworkState::up);
  bench.poll();
  TEST_ASSERT_TRUE(bench.uart.wrote("ethernet: up\r\n"));
  bench.network.fall(Network::kReasonNone);
  bench.poll();
  TEST_ASSERT_TRUE(bench.uart.wrote("ethernet: link lost, reason 0: no cable, or no address"));
}

void without_a_name_wifi_stays_off() {
  Bench bench("");
  TEST_ASSERT_EQUAL_UINT64(kNever, bench.poll());
  TEST_ASSERT_EQUAL(0, bench.network.begins);
}

void failed_attempts_are_retried_with_backoff() {
  Bench bench;
  bench.poll();
  Millis now = 0;
  const Millis waits[] = {500, 1000, 2000, 2000, 2000};
  int begins = 1;
  for (const Millis wait : waits) {
    bench.network.fall(Network::kReasonNoAccessPoint);
    TEST_ASSERT_EQUAL_UINT64(now + wait, bench.poll_at(now));
    bench.poll_at(now + wait - 1);
    TEST_ASSERT_EQUAL(begins, bench.network.begins);
    now += wait;
    bench.poll_at(now);
    TEST_ASSERT_EQUAL(++begins, bench.network.begins);
  }
  TEST_ASSERT_TRUE(bench.uart.wrote("not joined, reason 201: no such access point"));
}

void a_link_resets_the_backoff() {
  Bench bench;
  bench.poll();
  for (Millis now = 0; now < 60'000;) {
    bench.network.fall(Network::kReasonNoAccessPoint);
    now = bench.poll_at(now);
    bench.poll_at(now);
  }
  bench.network.become(NetworkState::up);
  bench.poll();
  const Millis now = bench.clock.now();
  bench.network.fall(Network::kReasonBeaconTimeout);
  TEST_ASSERT_EQUAL_UINT64(now + 500, bench.poll());
  TEST_ASSERT_FALSE(bench.wifi.up());
  TEST_ASSERT_EQUAL(1, bench.wifi.losses());
  TEST_ASSERT_TRUE(bench.uart.wrote("link lost, reason 200"));
}

void a_loss_between_two_polls_is_detected() {
  Bench bench;
  bench.poll();
  bench.network.become(NetworkState::up);
  bench.poll();
  bench.network.fall(Network::kReasonBeaconTimeout);
  bench.network.become(NetworkState::up);
  TEST_ASSERT_EQUAL_UINT64(bench.clock.now() + Wifi::kWatchInterval, bench.poll());
  TEST_ASSERT_TRUE(bench.wifi.up());
  TEST_ASSERT_EQUAL(1, bench.wifi.losses());
}

void a_hanging_attempt_is_aborted() {
  Bench bench;
  bench.poll();
  bench.network.become(NetworkState::dhcp);
  TEST_ASSERT_EQUAL_UINT64(Wifi::kAttemptLimit, bench.poll_at(Wifi::kAttemptLimit - 1));
  TEST_ASSERT_EQUAL_UINT64(Wifi::kAttemptLimit + 500, bench.poll_at(Wifi::kAttemptLimit));
  TEST_ASSERT_EQUAL(static_cast<int>(NetworkState::down), static_cast<int>(bench.network.state()));
  bench.poll_at(Wifi::kAttemptLimit + 500);
  TEST_ASSERT_EQUAL(2, bench.network.begins);
}

void a_radio_that_reconnects_by_itself_is_accepted() {
  Bench bench;
  bench.poll();
  bench.network.fall(Network::kReasonNoAccessPoint);
  bench.poll();
  bench.network.become(NetworkState::up);
  TEST_ASSERT_EQUAL_UINT64(bench.clock.now() + Wifi::kWatchInterval, bench.poll());
  TEST_ASSERT_TRUE(bench.wifi.up());
}

void a_lost_event_is_detected_by_the_driver_s_state() {
  Bench bench;
  bench.poll();
  bench.network.become(NetworkState::up);
  bench.poll();
  bench.network.has_lost_event = true;
  bench.poll_at(Wifi::kWatchInterval - 1);
  TEST_ASSERT_TRUE(bench.wifi.up());
  bench.poll_at(Wifi::kWatchInterval);
  TEST_ASSERT_FALSE(bench.wifi.up());
  TEST_ASSERT_EQUAL(Network::kReasonNoEvent, bench.wifi.loss_reason());
  bench.poll_at(Wifi::kWatchInterval + 500);
  TEST_ASSERT_EQUAL(2, bench.network.begins);
}

void networks_are_tried_in_the_order_of_their_priority() {
  Bench bench;
  bench.add(2, "Neighbour", "");
  bench.add(1, "House", "hunter23");
  const char* names[] = {"Garage", "House", "Neighbour"};
  for (const char* name : names) {
    bench.poll();
    TEST_ASSERT_EQUAL_STRING(name, bench.network.ssid.c_str());
    bench.network.fall(Network::kReasonNoAccessPoint);
  }
  TEST_ASSERT_EQUAL_UINT64(500, bench.poll());  // the pause follows the last one
  bench.poll_at(500);
  TEST_ASSERT_EQUAL_STRING("Garage", bench.network.ssid.c_str());
}

void the_pause_at_the_limit_exceeds_90_s_by_default() {
  Bench bench(R"("wifi_ssid":"Garage","wifi_psk":"hunter22","wifi_backoff_max_s":190)");
  bench.poll();
  Millis now = 0;
  Millis pause = 0;
  for (int attempt = 0; attempt < 20; ++attempt) {
    bench.network.fall(Network::kReasonAuthenticationExpired);
    const Millis next = bench.poll_at(now);
    pause = next - now;
    now = next;
    bench.poll_at(now);
  }
  TEST_ASSERT_EQUAL_UINT64(95'000, pause);  // the jitter is 0
  const Settings defaults;
  TEST_ASSERT_EQUAL_UINT32(190, defaults.wifi_backoff_max_s);
}

void a_changed_network_is_used_without_a_restart() {
  Bench bench;
  bench.poll();
  bench.network.become(NetworkState::up);
  bench.poll();
  bench.set("wifi_ssid", "House");
  bench.poll();
  bench.set("wifi_psk", "hunter23");
  bench.poll();
  bench.poll_at(Wifi::kChangeDelay);
  TEST_ASSERT_EQUAL_STRING("House", bench.network.ssid.c_str());
  TEST_ASSERT_EQUAL_STRING("hunter23", bench.network.psk.c_str());
  bench.network.become(NetworkState::up);
  bench.poll();
  TEST_ASSERT_FALSE(bench.config.on_trial(Trial::network));
  bench.config.poll(bench.clock.now());
  bench.storage.run_all();
  TEST_ASSERT_EQUAL_size_t(0, bench.storage.files.count("trial_network.json"));
  bench.poll_at(10 * Wifi::kTrialLimit);
  check_text("House", bench.config.settings().wifi_ssid.text());
}

void a_changed_network_that_does_not_work_is_reverted() {
  Bench bench;
  bench.add(1, "Neighbour", "");
  bench.poll();
  bench.network.become(NetworkState::up);
  bench.poll();
  bench.set("wifi_ssid", "Huose");
  bench.poll();
  Millis now = Wifi::kChangeDelay;
  for (; bench.config.on_trial(Trial::network); bench.storage.run_all()) {
    const Millis next = bench.poll_at(now);
    TEST_ASSERT_EQUAL_STRING_MESSAGE("Huose", bench.network.ssid.c_str(), bench.uart.written().c_str());
    bench.network.fall(Network::kReasonNoAccessPoint);
    if (next > now && next != kNever) now = next;
  }
  TEST_ASSERT_EQUAL_UINT64(Wifi::kChangeDelay + Wifi::kTrialLimit, bench.clock.now());
  now = bench.poll();
  bench.poll_at(now);
  TEST_ASSERT_EQUAL_STRING("Garage", bench.network.ssid.c_str());
  TEST_ASSERT_TRUE(bench.uart.wrote("the changed wifi_ssid and wifi_psk have not worked in time"));
}

void a_restart_continues_the_trial() {
  Bench before;
  before.poll();
  before.network.become(NetworkState::up);
  before.poll();
  before.set("wifi_ssid", "Huose");
  Bench after;
  after.storage.files = before.storage.files;
  after.config.load(0);
  TEST_ASSERT_TRUE(after.config.on_trial(Trial::network));
  after.poll();
  TEST_ASSERT_EQUAL_STRING("Huose", after.network.ssid.c_str());
  after.network.fall(Network::kReasonNoAccessPoint);
  after.poll_at(Wifi::kTrialLimit);
  after.storage.run_all();
  check_text("Garage", after.config.settings().wifi_ssid.text());
}

void the_first_network_is_not_on_trial() {
  Bench bench("");
  bench.poll();
  bench.set("wifi_ssid", "Garage");
  bench.poll();
  bench.poll_at(Wifi::kChangeDelay);
  TEST_ASSERT_EQUAL_STRING("Garage", bench.network.ssid.c_str());
  bench.poll_at(10 * Wifi::kTrialLimit);
  check_text("Garage", bench.config.settings().wifi_ssid.text());
}

void a_setup_access_point_opens_when_no_network_works() {
  Bench bench(R"("wifi_ssid":"Garage","wifi_psk":"hunter22","setup_psk":"label-1234")");
  Millis now = 0;
  while (now < Wifi::kSetupAfter) {
    TEST_ASSERT_EQUAL_STRING("", bench.network.access_point.c_str());
    now = bench.poll_at(now);
    bench.network.fall(Network::kReasonNoAccessPoint);
  }
  bench.poll_at(now);
  TEST_ASSERT_EQUAL_STRING("plugbench-setup-abcdef", bench.network.access_point.c_str());
  TEST_ASSERT_EQUAL_STRING("label-1234", bench.network.access_point_psk.c_str());
  TEST_ASSERT_FALSE_MESSAGE(bench.uart.wrote("label-1234"), "the key is in the log");
  bench.network.become(NetworkState::up);
  bench.poll();
  TEST_ASSERT_EQUAL_STRING("", bench.network.access_point.c_str());
}

void without_a_key_there_is_no_setup_access_point() {
  Bench bench("");
  TEST_ASSERT_EQUAL_UINT64(kNever, bench.poll_at(2 * Wifi::kSetupAfter));
  TEST_ASSERT_FALSE(bench.wifi.is_setup_open());
}

void without_a_network_the_setup_access_point_opens_at_once() {
  Bench bench(R"("setup_psk":"label-1234")");
  bench.poll();
  TEST_ASSERT_TRUE(bench.wifi.is_setup_open());
}

void status_shows_the_link_and_its_losses() {
  Bench bench;
  bench.poll();
  bench.network.become(NetworkState::up);
  bench.poll();
  bench.network.fall(Network::kReasonBeaconTimeout);
  bench.network.become(NetworkState::up);
  bench.poll();
  char bytes[512];
  JsonWriter json{Span<char>(bytes)};
  json.begin_object();
  bench.wifi.write_status(json);
  json.end_object();
  check_text(R"({"network":{"state":"up","ssid":"Garage","rssi":-60,"channel":6,"bssid":"02:00:00:00:00:01",)"
             R"("ip":"192.168.4.2","losses":1,"loss_reason":200,"loss":"the access point is no longer heard",)"
             R"("setup_access_point":false}})",
             json.text());
}

// -- the stored networks ----------------------------------------------------------------------------------------------

/// The console command `wifi`.
struct Console {
  FakeClock clock;
  FakeUart uart;
  Logger log{clock, uart};
  FakeNetwork network;
  FakeSecrets secrets;
  FakeWorker worker;
  StoredNetworks stored{secrets, worker, log};
  WifiConsole console{network, stored, log};

  std::string run(const std::string& arguments) {
    uart.take();
    const Command command = console.command();
    command.run(command.context, {arguments.data(), arguments.size()}, log);
    worker.deliver_all();
    return uart.written();
  }
};

void networks_are_added_listed_and_removed() {
  Console bench;
  TEST_ASSERT_EQUAL_STRING("= ok\r\n", bench.run("add 2 Garage psk=hunter 22").c_str());
  TEST_ASSERT_EQUAL_STRING("= ok\r\n", bench.run(R"(add 1 "The House")").c_str());
  check_text("hunter 22", bench.stored.at(1).psk);
  TEST_ASSERT_EQUAL_STRING(
      "= [{\"priority\":1,\"ssid\":\"The House\",\"open\":true},"
      "{\"priority\":2,\"ssid\":\"Garage\",\"open\":false}]\r\n",
      bench.run("list").c_str());
  TEST_ASSERT_EQUAL_STRING("= ok\r\n", bench.run(R"(remove "The House")").c_str());
  TEST_ASSERT_EQUAL_size_t(1, bench.stored.count());
  TEST_ASSERT_EQUAL_STRING("= error: there is no stored network of that name\r\n", bench.run("remove House").c_str());
}

void stored_networks_survive_a_restart() {
  Console bench;
  bench.run("add 3 Garage psk=hunter22");
  StoredNetworks later{bench.secrets, bench.worker, bench.log};
  later.load();
  TEST_ASSERT_EQUAL_size_t(1, later.count());
  check_text("Garage", later.at(0).ssid);
  check_text("hunter22", later.at(0).psk);
  TEST_ASSERT_EQUAL(3, later.at(0).priority);
}

void a_network_is_replaced_by_its_name() {
  Console bench;
  bench.run("add 1 Garage psk=hunter22");
  bench.run("add 5 Garage psk=hunter23");
  TEST_ASSERT_EQUAL_size_t(1, bench.stored.count());
  check_text("hunter23", bench.stored.at(0).psk);
}

void more_networks_than_fit_are_rejected() {
  Console bench;
  for (const char* name : {"a", "b", "c", "d"}) bench.run("add 5 " + std::string(name));
  for (const char* priority : {"1", "9"}) {
    check_contains("= error: there are 4 networks already", bench.run("add " + std::string(priority) + " e"));
  }
  TEST_ASSERT_EQUAL_size_t(4, bench.stored.count());
  check_contains("= ok", bench.run("add 1 d psk=hunter22"));
  check_text("d", bench.stored.at(0).ssid);
}

void unusable_arguments_are_rejected() {
  Console bench;
  const char* lines[] = {"",
                         "erase",
                         "add",
                         "add 0 Garage",
                         "add 10 Garage",
                         "add 1",
                         "add 1 \"Gara",
                         "add 1 Garage hunter22",
                         "add 1 Garage psk=short",
                         "add 1 Garage psk=",
                         "add 1 Garage psk=h\xC3\xA9tre-1234",
                         "add 1 \"Gar\\u0000age\"",
                         "remove",
                         "remove Garage now",
                         "list all",
                         "scan now",
                         "add 1 psk=hunter22",
                         "add 1  psk=",
                         "add 257 Garage"};
  for (const char* line : lines) check_contains("= error: ", bench.run(line));
  check_contains("leave it out if the network is open", bench.run("add 1 Garage psk="));
  check_contains("needs the name of a stored network", bench.run("remove"));
  check_contains("1 to 32 bytes", bench.run("add 1 " + std::string(33, 'n')));
  check_contains("needs a name before psk=", bench.run("add 1 psk=hunter22"));
  TEST_ASSERT_EQUAL_size_t(0, bench.stored.count());
}

void a_list_that_cannot_be_stored_stays_as_it_was() {
  Console bench;
  bench.run("add 1 Garage");
  bench.secrets.broken = true;
  check_contains("= error: the networks cannot be stored", bench.run("add 2 House"));
  TEST_ASSERT_EQUAL_size_t(1, bench.stored.count());
}

void a_damaged_list_is_empty() {
  for (const std::string& blob : {std::string("\x05"), std::string("\x01\x01\x09Gar"), std::string("\x00x", 2)}) {
    Console bench;
    bench.secrets.blobs["wifi"] = blob;
    bench.stored.load();
    TEST_ASSERT_EQUAL_size_t(0, bench.stored.count());
    TEST_ASSERT_TRUE(bench.uart.wrote("the stored networks cannot be read"));
  }
}

void a_scan_is_answered_when_it_ends() {
  Console bench;
  TEST_ASSERT_EQUAL_STRING("", bench.run("scan").c_str());
  TEST_ASSERT_EQUAL_UINT64(WifiConsole::kScanLimit, bench.console.poll(0));
  bench.network.found.resize(1);
  bench.network.found[0].ssid.assign("Garage");
  bench.network.found[0].rssi = -70;
  bench.network.found[0].channel = 11;
  bench.network.scan = ScanState::done;
  bench.console.poll(2000);
  TEST_ASSERT_EQUAL_STRING("= [{\"ssid\":\"Garage\",\"rssi\":-70,\"channel\":11,\"open\":false}]\r\n",
                           bench.uart.written().c_str());
}

void a_scan_that_does_not_end_is_answered_with_an_error() {
  Console bench;
  bench.run("scan");
  bench.console.poll(0);
  bench.console.poll(WifiConsole::kScanLimit);
  check_contains("= error: the scan has failed", bench.uart.written());
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(wifi_joins_the_configured_network);
  RUN_TEST(ethernet_needs_no_name);
  RUN_TEST(without_a_name_wifi_stays_off);
  RUN_TEST(failed_attempts_are_retried_with_backoff);
  RUN_TEST(a_link_resets_the_backoff);
  RUN_TEST(a_loss_between_two_polls_is_detected);
  RUN_TEST(a_hanging_attempt_is_aborted);
  RUN_TEST(a_radio_that_reconnects_by_itself_is_accepted);
  RUN_TEST(a_lost_event_is_detected_by_the_driver_s_state);
  RUN_TEST(networks_are_tried_in_the_order_of_their_priority);
  RUN_TEST(the_pause_at_the_limit_exceeds_90_s_by_default);
  RUN_TEST(a_changed_network_is_used_without_a_restart);
  RUN_TEST(a_changed_network_that_does_not_work_is_reverted);
  RUN_TEST(a_restart_continues_the_trial);
  RUN_TEST(the_first_network_is_not_on_trial);
  RUN_TEST(a_setup_access_point_opens_when_no_network_works);
  RUN_TEST(without_a_key_there_is_no_setup_access_point);
  RUN_TEST(without_a_network_the_setup_access_point_opens_at_once);
  RUN_TEST(status_shows_the_link_and_its_losses);
  RUN_TEST(networks_are_added_listed_and_removed);
  RUN_TEST(stored_networks_survive_a_restart);
  RUN_TEST(a_network_is_replaced_by_its_name);
  RUN_TEST(more_networks_than_fit_are_rejected);
  RUN_TEST(unusable_arguments_are_rejected);
  RUN_TEST(a_list_that_cannot_be_stored_stays_as_it_was);
  RUN_TEST(a_damaged_list_is_empty);
  RUN_TEST(a_scan_is_answered_when_it_ends);
  RUN_TEST(a_scan_that_does_not_end_is_answered_with_an_error);
  return UNITY_END();
}
