#include "features/wifi/wifi.h"
#include "support/check.h"
#include "support/fake_clock.h"
#include "support/fake_network.h"
#include "support/fake_rng.h"
#include "support/fake_uart.h"

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
  Settings settings;
  Wifi wifi{network, rng, settings, log};

  Bench() {
    settings.wifi_ssid.assign("Garage");
    settings.wifi_psk.assign("hunter22");
    settings.backoff_initial_ms = 1000;
    settings.backoff_max_ms = 4000;
    rng.always(0);  // the jitter is half of the step
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
  TEST_ASSERT_EQUAL_UINT64(kNever, bench.poll());
  TEST_ASSERT_TRUE(bench.wifi.up());
  TEST_ASSERT_FALSE_MESSAGE(bench.uart.wrote("hunter22"), "the key is in the log");
}

void ethernet_needs_no_name() {
  Bench bench;
  bench.network.what = NetworkKind::ethernet;
  bench.settings.wifi_ssid.clear();
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
  Bench bench;
  bench.settings.wifi_ssid.clear();
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
  TEST_ASSERT_EQUAL_UINT64(kNever, bench.poll());
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
  TEST_ASSERT_EQUAL_UINT64(kNever, bench.poll());
  TEST_ASSERT_TRUE(bench.wifi.up());
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
  return UNITY_END();
}
