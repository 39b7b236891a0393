#include "features/time_sync/time_server.h"
#include "support/check.h"
#include "support/fake_clock.h"
#include "support/fake_network.h"
#include "support/fake_sntp.h"
#include "support/fake_storage.h"
#include "support/fake_uart.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

constexpr UnixMillis kNow = 1'795'860'000'000;  // 2026-11-28T10:00:00Z
constexpr UnixMillis kYear = 31'536'000'000;
constexpr Text kName = "ntp.example";

/// A device with a time server, from one boot to the next.
struct Rig {
  FakeClock clock;
  FakeUart uart;
  Logger log{clock, uart};
  FakeNetwork network;
  FakeSntp sntp;
  TimeSync time;
  TimeServer server{sntp, network, time, log};

  explicit Rig(FakeStorage& storage, bool is_up = true) : time(clock, storage) {
    time.restore();
    server.set_server(kName);
    if (is_up) network.become(NetworkState::up);
    poll();
  }
  Millis poll() {
    const Millis due = server.poll(clock.now());
    time.poll(clock.now());
    return due;
  }
  /// Answers, and returns the lines that the console gets.
  std::string answer(UnixMillis unix_ms) {
    sntp.answer(unix_ms, clock.now());
    uart.take();
    poll();
    return uart.take();
  }
  std::string state() const {
    char bytes[64];
    JsonWriter json{Span<char>(bytes)};
    json.begin_object();
    server.write_status(json);
    json.end_object();
    return str(json.text());
  }
  void check_quality(const char* expected) const { check_text(expected, name_of(time.quality())); }
};

void the_server_is_asked_while_there_is_a_network() {
  FakeStorage storage;
  Rig rig(storage, false);
  TEST_ASSERT_EQUAL(0, rig.sntp.starts);
  rig.network.become(NetworkState::up);
  rig.poll();
  TEST_ASSERT_EQUAL_STRING("ntp.example", rig.sntp.server.c_str());
  rig.network.fall(Network::kReasonBeaconTimeout);
  rig.poll();
  TEST_ASSERT_EQUAL_STRING("", rig.sntp.server.c_str());
}

void without_a_server_nothing_is_asked_or_shown() {
  FakeStorage storage;
  Rig rig(storage);
  rig.server.set_server("");
  TEST_ASSERT_EQUAL_UINT64(kNever, rig.poll());
  TEST_ASSERT_EQUAL_STRING("", rig.sntp.server.c_str());
  TEST_ASSERT_EQUAL_STRING("{}", rig.state().c_str());
}

void client_without_memory_is_started_later() {
  FakeStorage storage;
  Rig rig(storage, false);
  rig.sntp.has_memory = false;
  rig.network.become(NetworkState::up);
  const Millis due = rig.poll();
  TEST_ASSERT_TRUE(due < 60'000);
  rig.sntp.has_memory = true;
  rig.clock.set(due);
  rig.poll();
  TEST_ASSERT_EQUAL_STRING("ntp.example", rig.sntp.server.c_str());
}

void answers_set_the_time_and_are_reported_once() {
  FakeStorage storage;
  Rig rig(storage);
  check_contains("the time server ntp.example sent 2026-11-28T10:00:00.000Z", rig.answer(kNow));
  rig.check_quality("sntp");
  rig.clock.advance(3'600'000);
  TEST_ASSERT_EQUAL_STRING("", rig.answer(kNow + 3'600'500).c_str());
  TEST_ASSERT_EQUAL_INT64(kNow + 3'600'500, rig.time.now());
  TEST_ASSERT_EQUAL_STRING("{\"time_server\":\"used\"}", rig.state().c_str());
}

/// The loop may look at the answer late.
void time_holds_from_the_moment_of_the_answer() {
  FakeStorage storage;
  Rig rig(storage);
  rig.sntp.answer(kNow, rig.clock.now());
  rig.clock.advance(400);
  rig.poll();
  TEST_ASSERT_EQUAL_INT64(kNow + 400, rig.time.now());
}

void unusable_times_are_refused_and_reported_once() {
  for (const UnixMillis wrong : {UnixMillis{0}, TimeSync::kEarliest - 1, TimeSync::kLatest + 1}) {
    FakeStorage storage;
    Rig rig(storage);
    check_contains("which is not used: expected a time from 2020 to 2100", rig.answer(wrong));
    TEST_ASSERT_EQUAL_STRING("", rig.answer(wrong).c_str());
    rig.check_quality("none");
    TEST_ASSERT_EQUAL_STRING("{\"time_server\":\"unusable\"}", rig.state().c_str());
    check_contains("sent 2026-11-28", rig.answer(kNow));
  }
}

void time_before_that_of_the_csms_in_an_earlier_boot_is_refused() {
  FakeStorage storage;
  {
    Rig earlier(storage);
    earlier.time.set_from_csms(kNow);
    earlier.poll();
    storage.run_all();
  }
  Rig rig(storage);
  rig.clock.advance(10'000);
  check_contains("which is not used: the CSMS has sent a later time", rig.answer(kNow + 9'000 - TimeSync::kTolerance));
  TEST_ASSERT_EQUAL_STRING("", rig.answer(kNow - kYear).c_str());
  rig.check_quality("last_known");
  rig.answer(kNow + 11'000 - TimeSync::kTolerance);
  rig.check_quality("sntp");
}

/// A server that was years ahead must not make the right time a wrong one, nor a good certificate an expired one.
void wrong_time_of_the_server_is_no_limit_after_a_restart() {
  FakeStorage storage;
  {
    Rig earlier(storage);
    earlier.answer(kNow + 10 * kYear);
    storage.run_all();
  }
  Rig rig(storage);
  rig.check_quality("last_known");
  TEST_ASSERT_EQUAL_INT64(kNow + 10 * kYear, rig.time.now());
  TEST_ASSERT_EQUAL_INT64(TimeSync::kEarliest, rig.time.not_before());
  rig.answer(kNow);
  TEST_ASSERT_EQUAL_INT64(kNow, rig.time.not_before());
}

void stored_time_of_the_server_goes_when_the_csms_sends_the_time() {
  FakeStorage storage;
  Rig rig(storage);
  rig.answer(kNow + kYear);
  storage.run_all();
  TEST_ASSERT_EQUAL_STRING("2027-11-28T10:00:00.000Z", storage.files[str(TimeSync::kServerFile)].c_str());
  rig.time.set_from_csms(kNow);
  rig.poll();
  storage.run_all();
  TEST_ASSERT_EQUAL_size_t(1, storage.files.size());
  TEST_ASSERT_EQUAL_STRING("2026-11-28T10:00:00.000Z", storage.files[str(TimeSync::kFile)].c_str());
}

void time_of_the_csms_is_preferred_and_a_difference_reported_once() {
  enum { server_first, csms_first };
  for (const int order : {server_first, csms_first}) {
    FakeStorage storage;
    Rig rig(storage);
    if (order == server_first) rig.answer(kNow + 3'600'000);
    rig.time.set_from_csms(kNow);
    const std::string lines = rig.answer(kNow + 3'600'000);
    check_contains("the time server ntp.example is 3600 s ahead of the CSMS", lines);
    TEST_ASSERT_EQUAL_STRING("", rig.answer(kNow + 3'600'000).c_str());
    TEST_ASSERT_EQUAL_INT64(kNow, rig.time.now());
    rig.check_quality("csms");
    TEST_ASSERT_EQUAL_STRING("{\"time_server\":\"differs\"}", rig.state().c_str());
  }
}

void missing_answer_is_reported_once() {
  FakeStorage storage;
  Rig rig(storage);
  const Millis due = rig.poll();
  TEST_ASSERT_EQUAL_UINT64(TimeServer::kSilent, due);
  rig.clock.set(due);
  rig.poll();
  TEST_ASSERT_TRUE(rig.uart.wrote("the time server ntp.example has not answered for 60 s"));
  rig.uart.take();
  rig.network.fall(Network::kReasonBeaconTimeout);
  rig.poll();
  rig.network.become(NetworkState::up);
  TEST_ASSERT_EQUAL_UINT64(kNever, rig.poll());
  TEST_ASSERT_EQUAL_STRING("", rig.uart.take().c_str());
}

/// The owner's way out of a wrong time server: certificates are judged without it at once.
void replaced_server_is_no_limit() {
  FakeStorage storage;
  Rig rig(storage);
  rig.answer(kNow + 10 * kYear);
  TEST_ASSERT_EQUAL_INT64(kNow + 10 * kYear, rig.time.not_before());
  rig.server.set_server("");
  TEST_ASSERT_EQUAL_INT64(TimeSync::kEarliest, rig.time.not_before());
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(the_server_is_asked_while_there_is_a_network);
  RUN_TEST(without_a_server_nothing_is_asked_or_shown);
  RUN_TEST(client_without_memory_is_started_later);
  RUN_TEST(answers_set_the_time_and_are_reported_once);
  RUN_TEST(time_holds_from_the_moment_of_the_answer);
  RUN_TEST(unusable_times_are_refused_and_reported_once);
  RUN_TEST(time_before_that_of_the_csms_in_an_earlier_boot_is_refused);
  RUN_TEST(wrong_time_of_the_server_is_no_limit_after_a_restart);
  RUN_TEST(stored_time_of_the_server_goes_when_the_csms_sends_the_time);
  RUN_TEST(time_of_the_csms_is_preferred_and_a_difference_reported_once);
  RUN_TEST(missing_answer_is_reported_once);
  RUN_TEST(replaced_server_is_no_limit);
  return UNITY_END();
}
