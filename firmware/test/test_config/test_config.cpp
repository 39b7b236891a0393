#include <string>

#include "features/config/config.h"
#include "support/check.h"
#include "support/fake_clock.h"
#include "support/fake_storage.h"
#include "support/fake_uart.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

struct Bench {
  FakeClock clock;
  FakeUart uart;
  Logger log{clock, uart};
  FakeStorage storage;
  Config config{storage, log};
  int answers = 0;
  StorageResult last = StorageResult::failed;

  const Settings& load(const std::string& file) {
    storage.files["config.json"] = file;
    config.load(0x240AC4ABCDEF);
    return config.settings();
  }
  Config::Complaint set(Text key, Text value) {
    return config.set(key, value,
                      {[](void* self, StorageResult result) {
                         static_cast<Bench*>(self)->last = result;
                         ++static_cast<Bench*>(self)->answers;
                       },
                       this});
  }
  std::string json(Config::Secrets secrets) const {
    char bytes[Storage::kMaxContent];
    JsonWriter writer{Span<char>(bytes)};
    config.write(writer, secrets);
    return str(writer.text());
  }
};

void check_warning(const std::string& file, const std::string& warning) {
  Bench bench;
  bench.load(file);
  check_contains("W (0) config: " + warning, bench.uart.written());
}

void without_a_file_everything_has_its_default() {
  Bench bench;
  bench.config.load(0x240AC4ABCDEF);
  const Settings& settings = bench.config.settings();
  check_text("", settings.csms_url.text());
  check_text("plugbench-abcdef", settings.identity.text());
  TEST_ASSERT_EQUAL(10, settings.ws_ping_interval_s);
  TEST_ASSERT_EQUAL(300, settings.heartbeat_interval_s);
  TEST_ASSERT_EQUAL(60, settings.meter_value_sample_interval_s);
  TEST_ASSERT_EQUAL(1000, settings.backoff_initial_ms);
  TEST_ASSERT_EQUAL(120000, settings.backoff_max_ms);
  TEST_ASSERT_EQUAL(60, settings.connection_timeout_s);
  TEST_ASSERT_EQUAL(static_cast<int>(LogLevel::info), static_cast<int>(settings.log_level));
  check_contains("no config.json", bench.uart.written());
}

void every_key_is_read() {
  Bench bench;
  const Settings& settings = bench.load(
      R"({"csms_url":"ws://10.0.0.1:9000/ocpp","identity":"CP1","wifi_ssid":"Garage \u00e4","wifi_psk":"s3cret99",
                     "local_id_tag":"TAG1","ws_ping_interval_s":0,"heartbeat_interval_s":60,
                     "meter_value_sample_interval_s":5,"backoff_initial_ms":50,"backoff_max_ms":400,
                     "connection_timeout_s":30,"log_level":"debug"})");
  check_text("ws://10.0.0.1:9000/ocpp", settings.csms_url.text());
  check_text("CP1", settings.identity.text());
  check_text("Garage \xC3\xA4", settings.wifi_ssid.text());
  check_text("s3cret99", settings.wifi_psk.text());
  check_text("TAG1", settings.local_id_tag.text());
  TEST_ASSERT_EQUAL(0, settings.ws_ping_interval_s);
  TEST_ASSERT_EQUAL(60, settings.heartbeat_interval_s);
  TEST_ASSERT_EQUAL(5, settings.meter_value_sample_interval_s);
  TEST_ASSERT_EQUAL(50, settings.backoff_initial_ms);
  TEST_ASSERT_EQUAL(400, settings.backoff_max_ms);
  TEST_ASSERT_EQUAL(30, settings.connection_timeout_s);
  TEST_ASSERT_EQUAL(static_cast<int>(LogLevel::debug), static_cast<int>(settings.log_level));
  TEST_ASSERT_EQUAL_STRING("", bench.uart.written().c_str());
}

void a_bad_value_gets_its_default_and_a_warning_with_key_and_reason() {
  check_warning(R"({"csms_url":"http://x"})", "csms_url must begin with ws:// or wss://");
  check_warning(R"({"csms_url":"ws://a b"})", "csms_url must be printable ASCII");
  check_warning(R"({"csms_url":7})", "csms_url must be a string");
  check_warning(R"({"identity":"0123456789012345678901234567890123456789012345678"})", "identity is too long");
  check_warning(R"({"wifi_psk":"short"})", "wifi_psk must have 8 to 64 characters");
  check_warning(R"({"local_id_tag":"123456789012345678901"})", "local_id_tag is too long");
  check_warning(R"({"heartbeat_interval_s":0})", "heartbeat_interval_s is too small");
  check_warning(R"({"heartbeat_interval_s":86401})", "heartbeat_interval_s is too large");
  check_warning(R"({"heartbeat_interval_s":-1})", "heartbeat_interval_s must be a whole number");
  check_warning(R"({"heartbeat_interval_s":1.5})", "heartbeat_interval_s must be a whole number");
  check_warning(R"({"heartbeat_interval_s":99999999999999999999})", "heartbeat_interval_s must be a whole number");
  check_warning(R"({"heartbeat_interval_s":"60"})", "heartbeat_interval_s must be a number");
  check_warning(R"({"log_level":"loud"})", "log_level must be error, warning, info or debug");
  check_warning(R"({"backoff_initial_ms":500,"backoff_max_ms":400})", "backoff_max_ms must not be below");
  check_warning(R"({"hartbeat":1})", "unknown key \"hartbeat\"");
  check_warning(R"({"csms_url":)", "config.json is no JSON at byte");
  check_warning(R"([])", "config.json is not a JSON object");
}

void a_bad_value_leaves_the_others_alone() {
  Bench bench;
  const Settings& settings = bench.load(R"({"heartbeat_interval_s":"x","identity":"CP9","ws_ping_interval_s":99999})");
  TEST_ASSERT_EQUAL(300, settings.heartbeat_interval_s);
  TEST_ASSERT_EQUAL(10, settings.ws_ping_interval_s);
  check_text("CP9", settings.identity.text());
}

void a_file_that_cannot_be_read_is_reported() {
  Bench bench;
  bench.load(std::string(Storage::kMaxContent + 1, ' '));
  check_contains("config.json has more than 2048 bytes", bench.uart.written());
}

void set_holds_once_it_is_durable_and_survives_a_reboot() {
  Bench bench;
  bench.load("{}");
  TEST_ASSERT_NULL(bench.set("heartbeat_interval_s", "42"));
  TEST_ASSERT_EQUAL(300, bench.config.settings().heartbeat_interval_s);
  TEST_ASSERT_EQUAL(0, bench.answers);
  bench.storage.run_all();
  TEST_ASSERT_EQUAL(1, bench.answers);
  TEST_ASSERT_EQUAL(42, bench.config.settings().heartbeat_interval_s);
  TEST_ASSERT_NULL(bench.set("wifi_psk", "\"quoted\\ key"));
  bench.storage.run_all();
  Config again(bench.storage, bench.log);
  again.load(1);
  TEST_ASSERT_EQUAL(42, again.settings().heartbeat_interval_s);
  check_text("\"quoted\\ key", again.settings().wifi_psk.text());
}

void a_set_that_fails_changes_nothing() {
  Bench bench;
  bench.load("{}");
  bench.storage.result = StorageResult::full;
  TEST_ASSERT_NULL(bench.set("heartbeat_interval_s", "42"));
  bench.storage.run_all();
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::full), static_cast<int>(bench.last));
  TEST_ASSERT_EQUAL(300, bench.config.settings().heartbeat_interval_s);
}

void set_refuses_what_load_refuses() {
  Bench bench;
  bench.load("{}");
  TEST_ASSERT_EQUAL_STRING("is no key of the configuration", bench.set("colour", "red"));
  TEST_ASSERT_EQUAL_STRING("must be a whole number", bench.set("heartbeat_interval_s", "soon"));
  TEST_ASSERT_EQUAL_STRING("must begin with ws:// or wss://", bench.set("csms_url", "ftp://x"));
  TEST_ASSERT_EQUAL_STRING("backoff_max_ms must not be below backoff_initial_ms", bench.set("backoff_max_ms", "10"));
  TEST_ASSERT_EQUAL_size_t(0, bench.storage.waiting());
  TEST_ASSERT_NULL(bench.set("connection_timeout_s", "7"));
  TEST_ASSERT_NOT_NULL(bench.set("connection_timeout_s", "8"));
  bench.storage.run_all();
  TEST_ASSERT_EQUAL(7, bench.config.settings().connection_timeout_s);
}

void the_key_of_the_network_is_masked() {
  Bench bench;
  bench.load(R"({"wifi_psk":"hunter22"})");
  check_contains("\"wifi_psk\":\"********\"", bench.json(Config::Secrets::masked));
  check_contains("\"wifi_psk\":\"hunter22\"", bench.json(Config::Secrets::plain));
  check_contains("\"csms_url\":\"\"", bench.json(Config::Secrets::masked));
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(without_a_file_everything_has_its_default);
  RUN_TEST(every_key_is_read);
  RUN_TEST(a_bad_value_gets_its_default_and_a_warning_with_key_and_reason);
  RUN_TEST(a_bad_value_leaves_the_others_alone);
  RUN_TEST(a_file_that_cannot_be_read_is_reported);
  RUN_TEST(set_holds_once_it_is_durable_and_survives_a_reboot);
  RUN_TEST(a_set_that_fails_changes_nothing);
  RUN_TEST(set_refuses_what_load_refuses);
  RUN_TEST(the_key_of_the_network_is_masked);
  return UNITY_END();
}
