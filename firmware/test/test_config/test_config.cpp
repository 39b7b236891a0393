#include <map>
#include <string>

#include "features/config/key_help.h"
#include "support/check.h"
#include "support/config_rig.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

constexpr char kWithCsms[] = R"({"csms_url":"ws://old/","security_profile":1})";

struct Bench : ConfigRig {
  int answers = 0;
  StorageResult last = StorageResult::failed;

  const Settings& load(const std::string& file) {
    storage.files["config.json"] = file;
    config.load(0x240AC4ABCDEF);
    return config.settings();
  }
  Config::Error set(Text key, Text value) {
    return config.set(key, value,
                      {[](void* self, StorageResult result) {
                         static_cast<Bench*>(self)->last = result;
                         ++static_cast<Bench*>(self)->answers;
                       },
                       this});
  }
  /// Sets another address of the CSMS, while the present one works; the trial begins when it is stored.
  void change_address() {
    load(kWithCsms);
    config.keep(Trial::csms);
    set("csms_url", "ws://new/");
  }
  /// Runs all jobs, and the work that waits for them, up to `now`.
  void settle(Millis now = 0) {
    storage.run_all();
    for (int i = 0; i < 4; ++i) {
      config.poll(now);
      storage.run_all();
    }
  }
  std::string json(Config::Secrets secrets) const {
    char bytes[Storage::kMaxContent];
    JsonWriter writer{Span<char>(bytes)};
    config.write(writer, secrets);
    return str(writer.text());
  }
};

Text text_of(const std::string& text) { return {text.data(), text.size()}; }

void check_warning(const std::string& file, const std::string& warning) {
  Bench bench;
  bench.load(file);
  check_contains("W (0) config: " + warning, bench.uart.written());
}

void check_value(const Key& key, const Settings& settings, const std::string& expected) {
  char bytes[kMaxValue];
  TextWriter text{Span<char>(bytes)};
  key.format(settings, text);
  check_text(expected, text.text());
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
  TEST_ASSERT_EQUAL(static_cast<int>(LogLevel::info), static_cast<int>(settings.log_level.of("wifi")));
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
  TEST_ASSERT_EQUAL(static_cast<int>(LogLevel::debug), static_cast<int>(settings.log_level.of("wifi")));
  TEST_ASSERT_EQUAL_STRING("", bench.uart.written().c_str());
}

void a_bad_value_gets_its_default_and_a_warning_with_key_and_reason() {
  check_warning(R"({"csms_url":"http://x"})", "csms_url must begin with ws:// or wss://; it has its default");
  check_warning(R"({"csms_url":"ws://a b"})", "csms_url must be printable ASCII");
  check_warning(R"({"csms_url":"wss://"})", "csms_url must have a host");
  check_warning(R"({"security_profile":4})", "security_profile is too large");
  check_warning(R"({"csms_url":"ws://"})", "csms_url must have a host");
  check_warning(R"({"csms_url":"ws://user:pw@host"})", "csms_url must have no user and password");
  check_warning(R"({"identity":"CP\t1"})", "identity must have no control characters");
  check_warning(R"({"csms_url":7})", "csms_url must be a string");
  check_warning(R"({"identity":"0123456789012345678901234567890123456789012345678"})",
                "identity must have 1 to 48 characters");
  check_warning(R"({"wifi_psk":"short"})", "wifi_psk must have 8 to 63 characters");
  check_warning(R"({"local_id_tag":"123456789012345678901"})", "local_id_tag is too long");
  check_warning(R"({"heartbeat_interval_s":0})", "heartbeat_interval_s is too small");
  check_warning(R"({"heartbeat_interval_s":86401})", "heartbeat_interval_s is too large");
  check_warning(R"({"heartbeat_interval_s":-1})", "heartbeat_interval_s must be a whole number");
  check_warning(R"({"heartbeat_interval_s":1.5})", "heartbeat_interval_s must be a whole number");
  check_warning(R"({"heartbeat_interval_s":99999999999999999999})", "heartbeat_interval_s must be a whole number");
  check_warning(R"({"heartbeat_interval_s":"60"})", "heartbeat_interval_s must be a number");
  check_warning(R"({"local_pre_authorize":"true"})", "local_pre_authorize must be true or false");
  check_warning(R"({"local_pre_authorize":1})", "local_pre_authorize must be true or false");
  check_warning(R"({"csms_url":")" + std::string(Config::kMaxText + 1, 'x') + "\"}", "csms_url is too long");
  check_warning("{\"" + std::string(49, 'k') + "\":1}", "unknown key \"kkk");
  check_warning(R"({"log_level":"loud"})", "log_level must begin with error, warning, info or debug");
  check_warning(R"({"backoff_initial_ms":500,"backoff_max_ms":400})", "backoff_max_ms must not be below");
  check_warning(R"({"hartbeat":1})", "unknown key \"hartbeat\"");
  check_warning(R"({"csms_url":)", "config.json is no JSON at byte");
  check_warning("{\"local_id_tag\":\"M\xfcller\"}", "config.json is no JSON at byte 18: string is not UTF-8");
  check_warning(R"([])", "config.json is not a JSON object");
}

void a_bad_value_does_not_affect_the_others() {
  Bench bench;
  const Settings& settings = bench.load(R"({"heartbeat_interval_s":"x","identity":"CP9","ws_ping_interval_s":99999})");
  TEST_ASSERT_EQUAL(300, settings.heartbeat_interval_s);
  TEST_ASSERT_EQUAL(10, settings.ws_ping_interval_s);
  check_text("CP9", settings.identity.text());
}

void a_file_that_cannot_be_read_is_reported() {
  Bench bench;
  bench.load(std::string(Storage::kMaxContent + 1, ' '));
  check_contains("config.json cannot be used: too large", bench.uart.written());
}

void set_applies_when_durable_and_survives_a_reboot() {
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

void a_failed_set_changes_nothing() {
  Bench bench;
  bench.load("{}");
  bench.storage.result = StorageResult::full;
  TEST_ASSERT_NULL(bench.set("heartbeat_interval_s", "42"));
  bench.storage.run_all();
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::full), static_cast<int>(bench.last));
  TEST_ASSERT_EQUAL(300, bench.config.settings().heartbeat_interval_s);
}

void set_rejects_the_same_values_as_load() {
  Bench bench;
  bench.load("{}");
  TEST_ASSERT_EQUAL_STRING("is no key of the configuration, see config", bench.set("colour", "red"));
  TEST_ASSERT_EQUAL_STRING("must be a whole number", bench.set("heartbeat_interval_s", "soon"));
  TEST_ASSERT_EQUAL_STRING("must begin with ws:// or wss://", bench.set("csms_url", "ftp://x"));
  check_contains("port", bench.set("csms_url", "wss://x:0/"));
  check_contains("no user and password", bench.set("csms_url", "ws://user:pw@host"));
  TEST_ASSERT_EQUAL_STRING("must not be below backoff_initial_ms", bench.set("backoff_max_ms", "10"));
  TEST_ASSERT_EQUAL_STRING("must not be above backoff_max_ms", bench.set("backoff_initial_ms", "600000"));
  TEST_ASSERT_EQUAL_size_t(0, bench.storage.waiting());
  TEST_ASSERT_NULL(bench.set("connection_timeout_s", "7"));
  TEST_ASSERT_NULL(bench.set("connection_timeout_s", "8"));
  bench.storage.run_all();
  TEST_ASSERT_EQUAL(8, bench.config.settings().connection_timeout_s);
}

void changes_during_a_write_are_written_next() {
  Bench bench;
  bench.load("{}");
  TEST_ASSERT_NULL(bench.set("heartbeat_interval_s", "42"));
  TEST_ASSERT_NULL(bench.set("connection_timeout_s", "7"));
  TEST_ASSERT_NULL(bench.set("identity", "CP7"));
  TEST_ASSERT_TRUE(bench.storage.run_one());
  TEST_ASSERT_EQUAL(1, bench.answers);
  TEST_ASSERT_EQUAL(42, bench.config.settings().heartbeat_interval_s);
  TEST_ASSERT_EQUAL(60, bench.config.settings().connection_timeout_s);
  TEST_ASSERT_TRUE(bench.storage.run_one());
  TEST_ASSERT_EQUAL(3, bench.answers);
  TEST_ASSERT_EQUAL(7, bench.config.settings().connection_timeout_s);
  check_text("CP7", bench.config.settings().identity.text());
  TEST_ASSERT_FALSE(bench.storage.run_one());
}

void pending_changes_fail_with_the_current_write() {
  Bench bench;
  bench.load("{}");
  TEST_ASSERT_NULL(bench.set("heartbeat_interval_s", "42"));
  TEST_ASSERT_NULL(bench.set("connection_timeout_s", "7"));
  bench.storage.result = StorageResult::full;
  bench.storage.run_all();
  TEST_ASSERT_EQUAL(2, bench.answers);
  TEST_ASSERT_EQUAL(300, bench.config.settings().heartbeat_interval_s);
  TEST_ASSERT_EQUAL(60, bench.config.settings().connection_timeout_s);
  bench.storage.result = StorageResult::ok;
  TEST_ASSERT_NULL(bench.set("connection_timeout_s", "8"));
  bench.storage.run_all();
  TEST_ASSERT_EQUAL(300, bench.config.settings().heartbeat_interval_s);
  TEST_ASSERT_EQUAL(8, bench.config.settings().connection_timeout_s);
}

void pending_changes_have_a_limit() {
  Bench bench;
  bench.load("{}");
  for (size_t i = 0; i < Config::kMaxChanges; ++i) TEST_ASSERT_NULL(bench.set("identity", "CP7"));
  check_contains("try again", bench.set("identity", "CP8"));
  bench.storage.run_all();
  check_text("CP7", bench.config.settings().identity.text());
}

void a_change_is_rejected_when_the_storage_accepts_no_job() {
  Bench bench;
  bench.load("{}");
  while (bench.storage.remove("x", StorageDone())) {
  }
  check_contains("storage is busy", bench.set("identity", "CP7"));
  bench.storage.run_all();
  TEST_ASSERT_EQUAL(0, bench.answers);
  TEST_ASSERT_NULL(bench.set("identity", "CP7"));
}

void both_names_of_a_key_are_the_same_setting() {
  Bench bench;
  const Settings& settings = bench.load(R"({"HeartbeatInterval":77,"stoptransactiononinvalidid":false})");
  TEST_ASSERT_EQUAL(77, settings.heartbeat_interval_s);
  TEST_ASSERT_FALSE(settings.stop_transaction_on_invalid_id);
  TEST_ASSERT_NULL(bench.set("MeterValueSampleInterval", "5"));
  bench.storage.run_all();
  TEST_ASSERT_EQUAL(5, settings.meter_value_sample_interval_s);
  check_contains("\"meter_value_sample_interval_s\":5", bench.storage.files["config.json"]);
}

void the_file_has_only_values_that_differ_from_the_defaults() {
  Bench bench;
  bench.load(R"({"identity":"CP1","heartbeat_interval_s":300})");
  TEST_ASSERT_NULL(bench.set("LocalPreAuthorize", "true"));
  bench.storage.run_all();
  check_text(R"({"identity":"CP1","local_pre_authorize":true})", text_of(bench.storage.files["config.json"]));
}

void default_values_are_not_in_the_file() {
  Bench bench;
  bench.load("{}");
  bench.config.adopt_heartbeat_interval(17);
  TEST_ASSERT_NULL(bench.set("LocalPreAuthorize", "true"));
  bench.config.adopt_heartbeat_interval(18);
  bench.storage.run_all();
  check_text(R"({"local_pre_authorize":true})", text_of(bench.storage.files["config.json"]));
  TEST_ASSERT_EQUAL(18, bench.config.settings().heartbeat_interval_s);
  check_text("plugbench-abcdef", bench.config.settings().identity.text());
  Config again(bench.storage, bench.log);
  again.load(0x240AC4123456);
  TEST_ASSERT_EQUAL(300, again.settings().heartbeat_interval_s);
  check_text("plugbench-123456", again.settings().identity.text());
}

void a_set_interval_applies_until_the_next_boot_answer() {
  Bench bench;
  const Settings& settings = bench.load(R"({"heartbeat_interval_s":42})");
  bench.config.adopt_heartbeat_interval(17);
  TEST_ASSERT_NULL(bench.set("HeartbeatInterval", "42"));
  TEST_ASSERT_NULL(bench.set("LocalPreAuthorize", "true"));
  bench.storage.run_all();
  TEST_ASSERT_EQUAL(42, settings.heartbeat_interval_s);
  bench.config.adopt_heartbeat_interval(17);
  TEST_ASSERT_EQUAL(17, settings.heartbeat_interval_s);
  bench.storage.result = StorageResult::full;
  TEST_ASSERT_NULL(bench.set("HeartbeatInterval", "43"));
  bench.storage.run_all();
  TEST_ASSERT_EQUAL(17, settings.heartbeat_interval_s);
}

void an_identity_with_a_colon_has_no_basic_authentication() {
  Bench bench;
  bench.load(R"({"security_profile":2})");
  check_contains("':' in the identity", bench.set("identity", "CP:1"));
  TEST_ASSERT_NULL(bench.set("security_profile", "3"));
  TEST_ASSERT_NULL(bench.set("identity", "CP:1"));
  check_contains("':' in the identity", bench.set("security_profile", "1"));
  // A file of an earlier version stays as it is, and its other settings can be changed.
  const Settings& settings = bench.load(R"({"security_profile":1,"identity":"CP:1"})");
  check_text("CP:1", settings.identity.text());
  TEST_ASSERT_NULL(bench.set("heartbeat_interval_s", "60"));
}

void a_cleared_identity_is_the_default_again() {
  Bench bench;
  bench.load(R"({"identity":"CP1"})");
  TEST_ASSERT_NULL(bench.set("identity", ""));
  bench.storage.run_all();
  check_text("{}", text_of(bench.storage.files["config.json"]));
  check_text("plugbench-abcdef", bench.config.settings().identity.text());
}

void every_type_of_ocpp_rejects_other_values() {
  Bench bench;
  bench.load("{}");
  TEST_ASSERT_EQUAL_STRING("must be true or false", bench.set("LocalPreAuthorize", "yes"));
  TEST_ASSERT_EQUAL_STRING("is read-only", bench.set("NumberOfConnectors", "2"));
  TEST_ASSERT_EQUAL_STRING("is read-only", bench.set("SupportedFeatureProfiles", "Core"));
  check_contains("does not have", bench.set("MeterValuesSampledData", "Voltage,Frequency"));
  check_contains("does not have", bench.set("MeterValuesSampledData", "Voltage,"));
  check_contains("twice", bench.set("MeterValuesSampledData", "Voltage,voltage"));
  check_contains("connectors 0 and 1", bench.set("ConnectorPhaseRotation", "2.RST"));
  check_contains("connectors 0 and 1", bench.set("ConnectorPhaseRotation", "RST"));
  check_contains("after each connector", bench.set("ConnectorPhaseRotation", "1.RRR"));
  check_contains("twice", bench.set("ConnectorPhaseRotation", "1.RST,1.RST"));
  check_contains("must be operative", bench.set("availability", "broken"));
  TEST_ASSERT_EQUAL_size_t(0, bench.storage.waiting());
}

void lists_keep_their_order() {
  Bench bench;
  bench.load("{}");
  TEST_ASSERT_NULL(bench.set("MeterValuesSampledData", "Voltage, Energy.Active.Import.Register"));
  TEST_ASSERT_NULL(bench.set("StopTxnSampledData", ""));
  TEST_ASSERT_NULL(bench.set("ConnectorPhaseRotation", "1.RST"));
  bench.storage.run_all();
  Config again(bench.storage, bench.log);
  again.load(1);
  const Measurands& sampled = again.settings().meter_values_sampled_data;
  TEST_ASSERT_EQUAL_size_t(2, sampled.size());
  TEST_ASSERT_TRUE(sampled.begin()[0] == Measurand::voltage);
  TEST_ASSERT_TRUE(sampled.begin()[1] == Measurand::energy_active_import_register);
  check_contains("\"Voltage,Energy.Active.Import.Register\"", bench.storage.files["config.json"]);
  check_text("1.RST", again.settings().connector_phase_rotation.text());
}

struct Listed {
  std::map<std::string, std::string> values;
  std::map<std::string, OcppKey> keys;
};

void ocpp_lists_only_its_own_keys() {
  Bench bench;
  bench.load(R"({"local_pre_authorize":true})");
  Listed listed;
  bench.config.visit_ocpp(
      [](void* context, const OcppKey& key, Text value) {
        static_cast<Listed*>(context)->values[str(key.name)] = str(value);
        static_cast<Listed*>(context)->keys[str(key.name)] = key;
      },
      &listed);
  TEST_ASSERT_EQUAL_size_t(0, listed.values.count(""));
  check_contains("300", listed.values["HeartbeatInterval"]);
  check_contains("true", listed.values["LocalPreAuthorize"]);
  check_contains("Energy.Active.Import.Register", listed.values["MeterValuesSampledData"]);
  check_contains("Core", listed.values["SupportedFeatureProfiles"]);
  TEST_ASSERT_TRUE(listed.keys["NumberOfConnectors"].read_only);
  TEST_ASSERT_FALSE(listed.keys["HeartbeatInterval"].read_only);
  TEST_ASSERT_TRUE(listed.keys["WebSocketPingInterval"].reboot_required);
  OcppKey key;
  TEST_ASSERT_TRUE(Config::find_ocpp("heartbeatINTERVAL", key));
  check_text("HeartbeatInterval", key.name);
  TEST_ASSERT_FALSE(Config::find_ocpp("heartbeat_interval_s", key));
  TEST_ASSERT_FALSE(Config::find_ocpp("wifi_psk", key));
  TEST_ASSERT_FALSE(Config::find_ocpp("", key));
}

void the_longest_settings_fit_into_the_file_or_are_rejected() {
  Bench bench;
  bench.load("{}");
  TEST_ASSERT_NULL(bench.set("csms_url", text_of("ws://h/" + std::string(248, 'x'))));
  TEST_ASSERT_NULL(bench.set("wifi_ssid", text_of(std::string(32, '"'))));
  TEST_ASSERT_NULL(bench.set("wifi_psk", text_of(std::string(63, '"'))));
  bench.storage.run_all();
  const Config::Error error = bench.set("local_id_tag", text_of(std::string(20, '\x01')));
  TEST_ASSERT_NULL(error);
  bench.storage.run_all();
  Config again(bench.storage, bench.log);
  again.load(1);
  TEST_ASSERT_EQUAL_size_t(63, again.settings().wifi_psk.length());
}

void a_key_of_64_characters_is_hexadecimal() {
  Bench bench;
  bench.load("{}");
  const std::string digits = "0123456789abcdefABCDEF0123456789abcdefABCDEF0123456789abcdefABCD";
  TEST_ASSERT_NULL(bench.set("wifi_psk", text_of(digits)));
  for (const char* end : {"g", " ", "-"}) {
    const std::string key = digits.substr(1) + end;
    check_contains("64 hexadecimal digits", bench.set("wifi_psk", text_of(key)));
    TEST_ASSERT_NULL_MESSAGE(bench.set("wifi_psk", text_of(key.substr(1))), "a passphrase");
  }
}

void the_interval_of_the_boot_answer_applies_at_once() {
  Bench bench;
  bench.load("{}");
  int changes = 0;
  bench.config.set_listener({[](void* context) { ++*static_cast<int*>(context); }, &changes});
  bench.config.adopt_heartbeat_interval(17);
  TEST_ASSERT_EQUAL(17, bench.config.settings().heartbeat_interval_s);
  TEST_ASSERT_EQUAL(1, changes);
  TEST_ASSERT_EQUAL_size_t(0, bench.storage.waiting());
}

void a_key_of_an_earlier_version_stays() {
  Bench bench;
  bench.load("{\"wifi_psk\":\"h\xC3\xA9tre-1234\",\"setup_psk\":\"h\xC3\xA9tre-5678\"}");
  TEST_ASSERT_NULL(bench.set("nominal_voltage_v", "110"));
  bench.settle();
  check_contains("h\xC3\xA9tre-1234", bench.storage.files["config.json"]);
  check_contains("h\xC3\xA9tre-5678", bench.storage.files["config_copy.json"]);
  for (const Text key : {"wifi_psk", "setup_psk"}) {
    TEST_ASSERT_EQUAL_STRING("must have characters of ASCII only", bench.set(key, "b\xC3\xB6rke-1234"));
  }
}

void the_key_of_the_network_is_masked() {
  Bench bench;
  bench.load(R"({"wifi_psk":"hunter22"})");
  check_contains("\"wifi_psk\":\"********\"", bench.json(Config::Secrets::masked));
  check_contains("\"wifi_psk\":\"hunter22\"", bench.json(Config::Secrets::plain));
  check_contains("\"csms_url\":\"\"", bench.json(Config::Secrets::masked));
}

std::string longest_identity() {
  std::string identity;
  for (int i = 0; i < 48; ++i) identity += "\xf0\x9f\x94\x8c";
  return identity;
}

/// Gives texts and lists their longest values, apart from csms_url and identity.
void fill_file(Bench& bench) {
  const std::string quotes(63, '"');      // two bytes each in JSON
  const std::string control(63, '\x01');  // six bytes each in JSON
  for (const Text key : {"wifi_psk", "setup_psk"}) TEST_ASSERT_NULL(bench.set(key, text_of(quotes)));
  TEST_ASSERT_NULL(bench.set("wifi_ssid", text_of(control.substr(0, 32))));
  TEST_ASSERT_NULL(bench.set("local_id_tag", text_of(control.substr(0, 20))));
  bench.storage.run_all();
  TEST_ASSERT_NULL(bench.set("ntp_server", text_of(std::string(63, 'x'))));
  TEST_ASSERT_NULL(bench.set("connector_phase_rotation", "0.NotApplicable,1.NotApplicable"));
  bench.storage.run_all();
  for (const Key& key : all_keys()) {
    if (key.read_only() || key.kind != Key::Kind::list) continue;
    std::string all;
    for (const Text choice : key.choices) all += (all.empty() ? "" : ",") + str(choice);
    TEST_ASSERT_NULL(bench.set(key.name, text_of(all)));
    bench.storage.run_all();
  }
}

/// Sets numbers until one does not fit. @return why it was rejected; nullptr if all have fitted
Config::Error set_numbers(Bench& bench) {
  for (const Key& key : all_keys()) {
    if (key.read_only() || key.kind != Key::Kind::number || key.trial != Trial::none) continue;
    if (key.name == "backoff_initial_ms") continue;  // not above backoff_max_ms
    char bytes[kMaxValue];
    TextWriter before{Span<char>(bytes)};
    key.format(bench.config.settings(), before);
    const Config::Error error = bench.set(key.name, text_of(std::to_string(key.most - 1)));
    bench.storage.run_all();
    if (error == nullptr) continue;
    check_value(key, bench.config.settings(), str(before.text()));
    return error;
  }
  return nullptr;
}

void settings_that_make_the_file_too_large_are_rejected() {
  Bench bench;
  bench.load("{}");
  fill_file(bench);
  TEST_ASSERT_NULL(bench.set("identity", text_of(longest_identity())));
  TEST_ASSERT_NULL(bench.set("csms_url", text_of("ws://h/" + std::string(248, '"'))));
  bench.storage.run_all();
  TEST_ASSERT_EQUAL_STRING(Config::kNoRoom, set_numbers(bench));
  TEST_ASSERT_NULL(bench.set("csms_url", "ws://h/"));
  bench.storage.run_all();
  check_text("ws://h/", bench.config.settings().csms_url.text());
}

void a_trial_keeps_room_for_the_values_before_it() {
  const std::string url = "ws://h/" + std::string(248, '"');
  const std::string identity = longest_identity();
  Bench bench;
  bench.load("{}");
  TEST_ASSERT_NULL(bench.set("csms_url", text_of(url)));
  TEST_ASSERT_NULL(bench.set("identity", text_of(identity)));
  bench.storage.run_all();
  bench.config.keep(Trial::csms);
  TEST_ASSERT_NULL(bench.set("identity", "a"));
  TEST_ASSERT_NULL(bench.set("csms_url", "ws://new/"));
  bench.storage.run_all();
  TEST_ASSERT_TRUE(bench.config.on_trial(Trial::csms));
  Bench after;  // the length of the previous values is known after a restart, too
  after.storage.files = bench.storage.files;
  after.config.load(0);
  fill_file(after);
  TEST_ASSERT_EQUAL_STRING(Config::kNoRoom, set_numbers(after));
  TEST_ASSERT_TRUE(after.config.revert(Trial::csms));
  after.settle();
  check_text(url, after.config.settings().csms_url.text());
  check_text(identity, after.config.settings().identity.text());
  TEST_ASSERT_GREATER_THAN_size_t(Storage::kMaxContent - 100, after.storage.files["config.json"].size());
}

void a_trial_ends_if_the_values_before_it_do_not_fit_any_more() {
  Bench full;
  full.load(R"({"csms_url":"ws://new/"})");
  fill_file(full);
  TEST_ASSERT_NULL(full.set("identity", text_of(longest_identity())));
  full.storage.run_all();
  set_numbers(full);
  Bench bench;  // as an earlier version could leave its files
  bench.storage.files = full.storage.files;
  bench.storage.files["trial_csms.json"] = R"({"csms_url":"ws://h/)" + std::string(248, 'x') + R"("})";
  bench.config.load(0);
  TEST_ASSERT_TRUE(bench.config.on_trial(Trial::csms));
  TEST_ASSERT_TRUE(bench.config.revert(Trial::csms));
  bench.settle();
  TEST_ASSERT_FALSE(bench.config.on_trial(Trial::csms));
  check_contains("do not fit into config.json any more, the new settings stay", bench.uart.written());
  check_text("ws://new/", bench.config.settings().csms_url.text());
  TEST_ASSERT_EQUAL_size_t(0, bench.storage.files.count("trial_csms.json"));
}

void a_value_that_is_too_long_for_the_file_is_rejected() {
  Bench bench;
  bench.load("{}");
  std::string levels = "error";
  for (const char* tag : {"app", "auth", "boot", "charging", "config", "cp", "crash", "dns", "ethernet", "log", "loop",
                          "monitor", "note", "ocpp", "power", "schema", "security", "storage"})
    levels += std::string(",") + tag + "=warning";
  TEST_ASSERT_GREATER_THAN_size_t(Config::kMaxText, levels.size());
  TEST_ASSERT_EQUAL_STRING("is too long", bench.set("log_level", text_of(levels)));
  TEST_ASSERT_EQUAL(static_cast<int>(LogLevel::info), static_cast<int>(bench.config.wanted().log_level.of("app")));
  TEST_ASSERT_NULL(bench.set("log_level", "error,wifi=warning"));
}

void nothing_is_changed_or_reverted_while_the_storage_is_full() {
  Bench bench;
  bench.change_address();
  bench.storage.run_all();
  bench.storage.is_full = true;
  TEST_ASSERT_EQUAL_STRING(Config::kBusy, bench.set("local_id_tag", "NEW"));
  TEST_ASSERT_FALSE(bench.config.revert(Trial::csms));
  TEST_ASSERT_TRUE_MESSAGE(bench.config.poll(0) == 1'000, "the copy is due, and has to wait");
  bench.storage.is_full = false;
  while (bench.storage.remove("x", StorageDone())) {
  }
  TEST_ASSERT_FALSE(bench.config.revert(Trial::csms));
  TEST_ASSERT_TRUE(bench.config.poll(1'000) == 2'000);
  bench.settle(2'000);
  TEST_ASSERT_EQUAL_STRING(bench.storage.files["config.json"].c_str(), bench.storage.files["config_copy.json"].c_str());
  TEST_ASSERT_TRUE(bench.config.revert(Trial::csms));
  bench.storage.run_all();
  check_text("ws://old/", bench.config.settings().csms_url.text());
  check_text("", bench.config.settings().local_id_tag.text());
}

void a_trial_does_not_begin_when_the_storage_accepts_no_job() {
  Bench bench;
  bench.load(kWithCsms);
  bench.config.keep(Trial::csms);
  while (bench.storage.remove("x", StorageDone())) {
  }
  TEST_ASSERT_EQUAL_STRING(Config::kBusy, bench.set("csms_url", "ws://new/"));
  bench.storage.run_all();
  TEST_ASSERT_EQUAL(0, bench.answers);
  TEST_ASSERT_EQUAL_size_t(0, bench.storage.files.count("trial_csms.json"));
}

void a_change_fails_when_the_storage_is_full_at_its_turn() {
  Bench bench;
  bench.load("{}");
  StorageDone fill{[](void* storage, StorageResult) { static_cast<FakeStorage*>(storage)->is_full = true; },
                   &bench.storage};
  TEST_ASSERT_NULL(bench.config.set("heartbeat_interval_s", "42", fill));
  TEST_ASSERT_NULL(bench.set("connection_timeout_s", "7"));
  bench.storage.run_all();
  TEST_ASSERT_EQUAL(1, bench.answers);
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::failed), static_cast<int>(bench.last));
  TEST_ASSERT_EQUAL(42, bench.config.settings().heartbeat_interval_s);
  TEST_ASSERT_EQUAL(60, bench.config.settings().connection_timeout_s);
}

void a_change_fails_when_the_storage_is_full_after_the_values_from_before() {
  Bench bench;
  bench.change_address();
  bench.storage.is_full = true;
  bench.storage.run_all();
  TEST_ASSERT_EQUAL(1, bench.answers);
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::failed), static_cast<int>(bench.last));
  check_text("ws://old/", bench.config.settings().csms_url.text());
  TEST_ASSERT_FALSE(bench.config.on_trial(Trial::csms));
}

// -- trials -----------------------------------------------------------------------------------------------------------

void a_changed_address_is_on_trial_until_it_is_kept() {
  Bench bench;
  bench.load(kWithCsms);
  bench.config.keep(Trial::csms);
  TEST_ASSERT_NULL(bench.set("csms_url", "ws://new/"));
  TEST_ASSERT_FALSE_MESSAGE(bench.config.on_trial(Trial::csms), "the new value is not in force yet");
  bench.storage.run_all();
  TEST_ASSERT_EQUAL(1, bench.answers);
  TEST_ASSERT_TRUE(bench.config.on_trial(Trial::csms));
  TEST_ASSERT_FALSE(bench.config.on_trial(Trial::network));
  bench.config.keep(Trial::csms);
  bench.settle();
  TEST_ASSERT_FALSE(bench.config.on_trial(Trial::csms));
  TEST_ASSERT_EQUAL_size_t(0, bench.storage.files.count("trial_csms.json"));
  check_text("ws://new/", bench.config.settings().csms_url.text());
}

void the_values_from_before_are_stored_first() {
  Bench bench;
  bench.change_address();
  bench.storage.run_one();
  TEST_ASSERT_EQUAL_STRING(kWithCsms, bench.storage.files["config.json"].c_str());
  check_contains(R"("csms_url":"ws://old/")", bench.storage.files["trial_csms.json"]);
  bench.storage.run_one();
  check_contains(R"("csms_url":"ws://new/")", bench.storage.files["config.json"]);
}

void a_trial_can_be_reverted_after_several_changes() {
  Bench bench;
  bench.change_address();
  bench.storage.run_all();
  bench.set("csms_url", "ws://newer/");
  bench.set("security_profile", "2");
  bench.set("nominal_voltage_v", "110");
  bench.storage.run_all();
  TEST_ASSERT_TRUE(bench.config.revert(Trial::csms));
  TEST_ASSERT_FALSE_MESSAGE(bench.uart.wrote("are used again"), "it is not durable yet");
  bench.settle();
  TEST_ASSERT_TRUE(bench.uart.wrote("csms_url, identity and security_profile have not worked in time: the previous"));
  TEST_ASSERT_FALSE(bench.config.on_trial(Trial::csms));
  check_text("ws://old/", bench.config.settings().csms_url.text());
  TEST_ASSERT_EQUAL_UINT32(1, bench.config.settings().security_profile);
  TEST_ASSERT_EQUAL_UINT32_MESSAGE(110, bench.config.settings().nominal_voltage_v, "another setting was reverted");
  TEST_ASSERT_EQUAL_size_t(0, bench.storage.files.count("trial_csms.json"));
}

void a_restart_continues_a_trial() {
  Bench bench;
  bench.change_address();
  bench.storage.run_all();
  Bench after;
  after.storage.files = bench.storage.files;
  after.config.load(0);
  TEST_ASSERT_TRUE(after.config.on_trial(Trial::csms));
  check_text("ws://new/", after.config.settings().csms_url.text());
  TEST_ASSERT_TRUE(after.config.revert(Trial::csms));
  after.storage.run_all();
  check_text("ws://old/", after.config.settings().csms_url.text());
}

void a_power_cut_before_the_new_value_begins_no_trial() {
  Bench bench;
  bench.change_address();
  bench.storage.run_one();
  Bench after;
  after.storage.files = bench.storage.files;
  after.config.load(0);
  TEST_ASSERT_FALSE(after.config.on_trial(Trial::csms));
  after.settle();
  TEST_ASSERT_EQUAL_size_t(0, after.storage.files.count("trial_csms.json"));
}

void the_file_of_an_ended_trial_is_removed_until_that_succeeds() {
  Bench bench;
  bench.change_address();
  bench.storage.run_all();
  bench.config.keep(Trial::csms);
  bench.storage.result = StorageResult::failed;
  bench.settle();
  TEST_ASSERT_EQUAL_size_t(1, bench.storage.files.count("trial_csms.json"));
  bench.storage.result = StorageResult::ok;
  bench.settle();
  TEST_ASSERT_EQUAL_size_t_MESSAGE(1, bench.storage.files.count("trial_csms.json"), "it was retried without a pause");
  bench.settle(60'000);
  TEST_ASSERT_EQUAL_size_t(0, bench.storage.files.count("trial_csms.json"));
}

void a_trial_that_begins_again_keeps_its_file() {
  Bench bench;
  bench.change_address();
  bench.storage.run_all();
  bench.config.keep(Trial::csms);
  bench.config.poll(0);  // the removal is pending
  bench.set("csms_url", "ws://newer/");
  bench.settle();
  TEST_ASSERT_TRUE(bench.config.on_trial(Trial::csms));
  check_contains(R"("csms_url":"ws://new/")", bench.storage.files["trial_csms.json"]);
}

// -- the copy ---------------------------------------------------------------------------------------------------------

constexpr char kStored[] = R"({"csms_url":"ws://old/","local_id_tag":"TAG"})";

void the_file_of_a_trial_has_no_other_settings() {
  Bench bench;
  bench.storage.files["trial_csms.json"] = R"({"csms_url":"ws://old/","wifi_ssid":"other"})";
  bench.load(R"({"csms_url":"ws://new/","wifi_ssid":"net"})");
  TEST_ASSERT_TRUE(bench.config.revert(Trial::csms));
  bench.settle();
  check_text("ws://old/", bench.config.settings().csms_url.text());
  check_text("net", bench.config.settings().wifi_ssid.text());
}

void a_trial_file_that_is_no_object_begins_no_trial() {
  Bench bench;
  bench.storage.files["trial_csms.json"] = "[]";
  bench.load(kWithCsms);
  TEST_ASSERT_FALSE(bench.config.on_trial(Trial::csms));
  TEST_ASSERT_FALSE(bench.config.revert(Trial::csms));
  check_text("ws://old/", bench.config.settings().csms_url.text());
}

void the_new_values_stay_when_the_previous_ones_cannot_be_read() {
  Bench bench;
  bench.change_address();
  bench.storage.run_all();
  bench.storage.lost.insert("trial_csms.json");
  TEST_ASSERT_TRUE(bench.config.revert(Trial::csms));
  bench.settle();
  check_contains("E (0) config: trial_csms.json cannot be read, the new settings stay", bench.uart.written());
  TEST_ASSERT_FALSE(bench.config.on_trial(Trial::csms));
  check_text("ws://new/", bench.config.settings().csms_url.text());
}

void a_failed_write_of_the_previous_values_is_logged_and_can_be_repeated() {
  Bench bench;
  bench.change_address();
  bench.storage.run_all();
  bench.storage.result = StorageResult::full;
  TEST_ASSERT_TRUE(bench.config.revert(Trial::csms));
  bench.storage.run_all();
  check_contains("the previous csms_url, identity and security_profile cannot be stored: no space left",
                 bench.uart.written());
  TEST_ASSERT_TRUE(bench.config.on_trial(Trial::csms));
  check_text("ws://new/", bench.config.settings().csms_url.text());
  bench.storage.result = StorageResult::ok;
  TEST_ASSERT_TRUE(bench.config.revert(Trial::csms));
  bench.storage.run_all();
  check_text("ws://old/", bench.config.settings().csms_url.text());
}

void the_copy_has_each_change() {
  Bench bench;
  bench.load(kStored);
  bench.settle();
  TEST_ASSERT_EQUAL_STRING(kStored, bench.storage.files["config_copy.json"].c_str());
  bench.set("local_id_tag", "NEW");
  bench.storage.run_all();
  check_contains("TAG", bench.storage.files["config_copy.json"]);
  bench.settle();
  TEST_ASSERT_EQUAL_STRING(bench.storage.files["config.json"].c_str(), bench.storage.files["config_copy.json"].c_str());
}

void a_copy_that_is_current_is_not_written() {
  Bench bench;
  bench.storage.files["config_copy.json"] = kStored;
  bench.load(R"({ "local_id_tag": "TAG", "csms_url": "ws://old/" })");
  bench.config.poll(0);
  TEST_ASSERT_EQUAL_size_t(0, bench.storage.waiting());
}

void a_device_without_settings_writes_no_copy() {
  Bench bench;
  bench.config.load(0);
  bench.config.poll(0);
  TEST_ASSERT_EQUAL_size_t(0, bench.storage.waiting());
}

void a_copy_that_cannot_be_written_is_written_later() {
  Bench bench;
  bench.load(kStored);
  bench.storage.result = StorageResult::full;
  bench.settle();
  bench.storage.result = StorageResult::ok;
  bench.settle(59'999);
  TEST_ASSERT_EQUAL_size_t(0, bench.storage.files.count("config_copy.json"));
  bench.settle(60'000);
  TEST_ASSERT_EQUAL_STRING(kStored, bench.storage.files["config_copy.json"].c_str());
}

void check_restored(const std::string& damaged, const std::string& reason) {
  Bench bench;
  bench.storage.files["config_copy.json"] = kStored;
  if (damaged.empty()) bench.storage.lost.insert("config.json");
  bench.load(damaged);
  check_text("ws://old/", bench.config.settings().csms_url.text());
  TEST_ASSERT_EQUAL(static_cast<int>(ConfigState::restored), static_cast<int>(bench.config.state()));
  check_contains("E (0) config: config.json cannot be used: " + reason, bench.uart.written());
  bench.settle();
  TEST_ASSERT_EQUAL_STRING(kStored, bench.storage.files["config.json"].c_str());
  TEST_ASSERT_EQUAL_STRING(kStored, bench.storage.files["config_copy.json"].c_str());
}

void a_damaged_file_is_restored_from_its_copy() {
  check_restored("", "corrupt; the settings of config_copy.json are in use");
  check_restored("{\"csms_url\":", "corrupt");
  check_restored("[]", "corrupt");
  check_restored(std::string(Storage::kMaxContent + 1, ' '), "too large");
}

void a_change_replaces_a_damaged_file_too() {
  Bench bench;
  bench.storage.files["config_copy.json"] = kStored;
  bench.load("[]");
  bench.set("local_id_tag", "NEW");
  TEST_ASSERT_TRUE_MESSAGE(bench.config.poll(0) == 1'000, "the repair waits for the change");
  bench.settle(1'000);
  check_contains("NEW", bench.storage.files["config.json"]);
  check_contains("ws://old/", bench.storage.files["config.json"]);
}

void a_missing_file_with_a_damaged_copy_is_a_loss() {
  Bench bench;
  bench.storage.files["config_copy.json"] = "[]";
  bench.config.load(0);
  TEST_ASSERT_EQUAL(static_cast<int>(ConfigState::lost), static_cast<int>(bench.config.state()));
  check_contains("config.json cannot be used: not found, and config_copy.json neither: corrupt", bench.uart.written());
}

void a_damaged_file_is_repaired_when_the_storage_has_room() {
  Bench bench;
  bench.storage.files["config_copy.json"] = kStored;
  bench.load("[]");
  while (bench.storage.remove("x", StorageDone())) {
  }
  TEST_ASSERT_TRUE(bench.config.poll(0) == 1'000);
  TEST_ASSERT_EQUAL_STRING("[]", bench.storage.files["config.json"].c_str());
  bench.settle(1'000);
  TEST_ASSERT_EQUAL_STRING(kStored, bench.storage.files["config.json"].c_str());
}

void a_file_without_a_sound_copy_is_reported_and_kept() {
  Bench bench;
  bench.storage.files["config_copy.json"] = "{";
  bench.load("[]");
  TEST_ASSERT_EQUAL(static_cast<int>(ConfigState::lost), static_cast<int>(bench.config.state()));
  check_contains(
      "E (0) config: config.json cannot be used: corrupt, and config_copy.json neither: corrupt; every setting",
      bench.uart.written());
  bench.settle();
  TEST_ASSERT_EQUAL_STRING("[]", bench.storage.files["config.json"].c_str());
  bench.set("local_id_tag", "NEW");
  bench.settle();
  TEST_ASSERT_EQUAL_STRING(R"({"local_id_tag":"NEW"})", bench.storage.files["config_copy.json"].c_str());
}

// -- the table --------------------------------------------------------------------------------------------------------

void each_key_has_a_row_for_its_views() {
  char bytes[Storage::kMaxContent];
  JsonWriter json{Span<char>(bytes)};
  write_key_help(json, *find_key("HeartbeatInterval"));
  TEST_ASSERT_EQUAL_STRING(R"({"key":"heartbeat_interval_s","ocpp":"HeartbeatInterval","group":"csms","type":"number",)"
                           R"("least":1,"most":86400,"unit":"s","default":"300","help":"Interval of Heartbeat. )"
                           R"(The interval of BootNotification.conf replaces it."})",
                           str(json.text()).c_str());
  JsonWriter pair{Span<char>(bytes)};
  write_key_help(pair, *find_key("backoff_initial_ms"));
  check_contains(R"("not_above":"backoff_max_ms")", str(pair.text()));
  for (const Key& key : all_keys()) {
    JsonWriter row{Span<char>(bytes)};
    write_key_help(row, key);
    TEST_ASSERT_TRUE_MESSAGE(row.ok() && row.text().length < Logger::kMaxLine, str(key.help).c_str());
  }
}

void the_limits_of_the_table_are_those_that_are_checked() {
  Settings settings;
  for (const Key& key : all_keys()) {
    if (key.read_only() || key.kind != Key::Kind::number) continue;
    const std::string least = std::to_string(key.least);
    const std::string most = std::to_string(key.most);
    const std::string above = std::to_string(uint64_t{key.most} + 1);
    TEST_ASSERT_NULL_MESSAGE(key.parse(settings, text_of(least)), str(key.name).c_str());
    TEST_ASSERT_NULL_MESSAGE(key.parse(settings, text_of(most)), str(key.name).c_str());
    TEST_ASSERT_EQUAL_STRING_MESSAGE("is too large", key.parse(settings, text_of(above)), str(key.name).c_str());
  }
  for (const Key& key : all_keys()) {
    for (const Text choice : key.choices) TEST_ASSERT_NULL_MESSAGE(key.parse(settings, choice), str(key.name).c_str());
    if (key.kind != Key::Kind::text || key.read_only() || key.most == 0) continue;
    const std::string longer(key.most + 1, 'x');
    TEST_ASSERT_NOT_NULL_MESSAGE(key.parse(settings, text_of(longer)), str(key.name).c_str());
  }
}

void each_number_rejects_any_other_text() {
  for (const Key& key : all_keys()) {
    if (key.read_only() || key.kind != Key::Kind::number) continue;
    const std::string name = str(key.name);
    Settings settings;
    TEST_ASSERT_NULL_MESSAGE(key.parse(settings, text_of(std::to_string(key.most))), name.c_str());
    for (const char* wrong : {"", "-1", "1.5", "0x10", " 1", "soon", "99999999999999999999"}) {
      TEST_ASSERT_EQUAL_STRING_MESSAGE("must be a whole number", key.parse(settings, wrong), name.c_str());
    }
    if (key.least > 0) {
      const std::string below = std::to_string(key.least - 1);
      TEST_ASSERT_EQUAL_STRING_MESSAGE("is too small", key.parse(settings, text_of(below)), name.c_str());
    }
    check_value(key, settings, std::to_string(key.most));
  }
}

void each_boolean_is_true_or_false_in_any_case() {
  for (const Key& key : all_keys()) {
    if (key.kind != Key::Kind::boolean) continue;
    const std::string name = str(key.name);
    Settings settings;
    for (const char* value : {"true", "FALSE", "True", "false"}) {
      TEST_ASSERT_NULL_MESSAGE(key.parse(settings, value), name.c_str());
      for (const char* wrong : {"", "1", "yes", "truefalse"}) {
        TEST_ASSERT_EQUAL_STRING_MESSAGE("must be true or false", key.parse(settings, wrong), name.c_str());
      }
      check_value(key, settings, equal_ignoring_case(value, "true") ? "true" : "false");
    }
  }
}

void each_choice_has_its_names_only() {
  for (const Key& key : all_keys()) {
    if (key.kind != Key::Kind::choice) continue;
    Settings settings;
    for (const Text choice : key.choices) {
      TEST_ASSERT_NULL_MESSAGE(key.parse(settings, choice), str(key.name).c_str());
      for (const char* wrong : {"", "0", "ON", "none"}) check_contains("must be ", key.parse(settings, wrong));
      check_value(key, settings, str(choice));
    }
  }
}

void facts_are_read_only() {
  for (const Key& key : all_keys()) {
    if (!key.read_only()) continue;
    Settings settings;
    TEST_ASSERT_EQUAL_STRING_MESSAGE("is read-only", key.parse(settings, "1"), str(key.ocpp).c_str());
  }
  TEST_ASSERT_NULL_MESSAGE(find_key(""), "a fact has no name");
}

void texts_are_checked() {
  struct Case {
    Text key;
    std::string value;
    const char* error;  ///< a part of it; nullptr: the value is accepted
  };
  const Case cases[] = {
      {"identity", std::string(48, 'x'), nullptr},
      {"identity", std::string(49, 'x'), "must have 1 to 48 characters"},
      {"wifi_ssid", std::string(32, 'x'), nullptr},
      {"wifi_ssid", std::string(33, 'x'), "is too long"},
      {"wifi_ssid", std::string("a\0b", 3), "NUL"},
      {"local_id_tag", std::string(20, 'x'), nullptr},
      {"local_id_tag", std::string(21, 'x'), "is too long"},
      {"setup_psk", "", nullptr},
      {"setup_psk", std::string(7, 'x'), "must have 8 to 63 characters of ASCII, or none to have no setup"},
      {"setup_psk", std::string(8, 'x'), nullptr},
      {"setup_psk", std::string(63, 'x'), nullptr},
      {"setup_psk", std::string(64, 'x'), "must have 8 to 63 characters of ASCII, or none to have no setup"},
      {"ntp_server", "", nullptr},
      {"ntp_server", "time.example", nullptr},
      {"ntp_server", "time server", "must have a host"},
      {"ntp_server", std::string(60, 'x') + ".de", nullptr},
      {"ntp_server", std::string(60, 'x') + ".com", "is too long"},
      {"connector_phase_rotation", "", nullptr},
      {"connector_phase_rotation", "0.RST, 1.TSR", nullptr},
      {"connector_phase_rotation", "0.", "connectors 0 and 1"},
      {"connector_phase_rotation", "0-RST", "connectors 0 and 1"},
      {"connector_phase_rotation", "-.RST", "connectors 0 and 1"},
      {"connector_phase_rotation", "0.RST" + std::string(36, ' '), "is too long"},
  };
  for (const Case& c : cases) {
    Settings settings;
    const Key& key = *find_key(c.key);
    const Config::Error error = key.parse(settings, text_of(c.value));
    if (c.error != nullptr) {
      TEST_ASSERT_NOT_NULL_MESSAGE(error, c.value.c_str());
      check_contains(c.error, error);
    } else {
      TEST_ASSERT_NULL_MESSAGE(error, c.value.c_str());
      check_value(key, settings, c.value);
    }
  }
}

void the_settings_of_one_group_can_be_written() {
  Bench bench;
  bench.load(R"({"nominal_voltage_v":110})");
  char bytes[Storage::kMaxContent];
  JsonWriter json{Span<char>(bytes)};
  bench.config.write(json, Config::Secrets::plain, "metering");
  check_contains(R"({"nominal_voltage_v":110,"meter_value_sample_interval_s":60,)", str(json.text()));
  TEST_ASSERT_TRUE(str(json.text()).find("csms_url") == std::string::npos);
}

void a_view_shows_a_secret_as_set_or_not() {
  Bench bench;
  bench.load(R"({"wifi_psk":"s3cret99"})");
  char bytes[kMaxValue];
  TextWriter psk{Span<char>(bytes)};
  bench.config.show(*find_key("wifi_psk"), psk);
  check_text("********", psk.text());
  TextWriter setup{Span<char>(bytes)};
  bench.config.show(*find_key("setup_psk"), setup);
  check_text("", setup.text());
}

void an_address_after_one_that_has_not_worked_is_not_on_trial() {
  Bench bench;
  bench.load(kWithCsms);
  bench.set("csms_url", "ws://new/");
  bench.storage.run_all();
  TEST_ASSERT_FALSE(bench.config.on_trial(Trial::csms));
}

void an_address_that_is_removed_is_not_on_trial() {
  Bench bench;
  bench.load(kWithCsms);
  bench.config.keep(Trial::csms);
  bench.set("csms_url", "");
  bench.storage.run_all();
  TEST_ASSERT_FALSE(bench.config.on_trial(Trial::csms));
  bench.change_address();
  bench.storage.run_all();
  bench.set("csms_url", "");
  bench.storage.run_all();
  TEST_ASSERT_FALSE(bench.config.on_trial(Trial::csms));
}

void a_change_whose_values_from_before_cannot_be_stored_fails() {
  Bench bench;
  bench.change_address();
  bench.storage.result = StorageResult::full;
  bench.storage.run_all();
  TEST_ASSERT_EQUAL(1, bench.answers);
  TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::full), static_cast<int>(bench.last));
  TEST_ASSERT_FALSE(bench.config.on_trial(Trial::csms));
  check_text("ws://old/", bench.config.settings().csms_url.text());
  bench.storage.result = StorageResult::ok;
  bench.set("csms_url", "ws://new/");
  bench.storage.run_all();
  TEST_ASSERT_TRUE(bench.config.on_trial(Trial::csms));
}

void a_change_during_the_write_of_the_values_from_before_is_kept() {
  Bench bench;
  bench.change_address();
  bench.set("wifi_psk", "hunter22");
  bench.storage.run_all();
  TEST_ASSERT_EQUAL(2, bench.answers);
  check_text("ws://new/", bench.config.settings().csms_url.text());
  check_text("hunter22", bench.config.settings().wifi_psk.text());
}

void nothing_is_reverted_while_the_storage_is_busy() {
  Bench bench;
  bench.change_address();
  bench.storage.run_all();
  bench.storage.a_job_is_under_way = true;
  TEST_ASSERT_FALSE(bench.config.revert(Trial::csms));
  bench.storage.a_job_is_under_way = false;
  bench.set("nominal_voltage_v", "110");
  TEST_ASSERT_FALSE(bench.config.revert(Trial::csms));
  bench.storage.run_all();
  TEST_ASSERT_TRUE(bench.config.revert(Trial::csms));
  TEST_ASSERT_EQUAL_STRING(Config::kBusy, bench.set("csms_url", "ws://newest/"));
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(without_a_file_everything_has_its_default);
  RUN_TEST(every_key_is_read);
  RUN_TEST(a_bad_value_gets_its_default_and_a_warning_with_key_and_reason);
  RUN_TEST(a_bad_value_does_not_affect_the_others);
  RUN_TEST(a_file_that_cannot_be_read_is_reported);
  RUN_TEST(set_applies_when_durable_and_survives_a_reboot);
  RUN_TEST(a_failed_set_changes_nothing);
  RUN_TEST(set_rejects_the_same_values_as_load);
  RUN_TEST(changes_during_a_write_are_written_next);
  RUN_TEST(pending_changes_fail_with_the_current_write);
  RUN_TEST(pending_changes_have_a_limit);
  RUN_TEST(a_change_is_rejected_when_the_storage_accepts_no_job);
  RUN_TEST(both_names_of_a_key_are_the_same_setting);
  RUN_TEST(the_file_has_only_values_that_differ_from_the_defaults);
  RUN_TEST(default_values_are_not_in_the_file);
  RUN_TEST(a_set_interval_applies_until_the_next_boot_answer);
  RUN_TEST(an_identity_with_a_colon_has_no_basic_authentication);
  RUN_TEST(a_cleared_identity_is_the_default_again);
  RUN_TEST(every_type_of_ocpp_rejects_other_values);
  RUN_TEST(lists_keep_their_order);
  RUN_TEST(ocpp_lists_only_its_own_keys);
  RUN_TEST(the_longest_settings_fit_into_the_file_or_are_rejected);
  RUN_TEST(a_key_of_64_characters_is_hexadecimal);
  RUN_TEST(the_interval_of_the_boot_answer_applies_at_once);
  RUN_TEST(a_key_of_an_earlier_version_stays);
  RUN_TEST(the_key_of_the_network_is_masked);
  RUN_TEST(a_changed_address_is_on_trial_until_it_is_kept);
  RUN_TEST(the_values_from_before_are_stored_first);
  RUN_TEST(a_trial_can_be_reverted_after_several_changes);
  RUN_TEST(a_restart_continues_a_trial);
  RUN_TEST(a_power_cut_before_the_new_value_begins_no_trial);
  RUN_TEST(an_address_after_one_that_has_not_worked_is_not_on_trial);
  RUN_TEST(an_address_that_is_removed_is_not_on_trial);
  RUN_TEST(a_change_whose_values_from_before_cannot_be_stored_fails);
  RUN_TEST(a_change_during_the_write_of_the_values_from_before_is_kept);
  RUN_TEST(nothing_is_reverted_while_the_storage_is_busy);
  RUN_TEST(the_file_of_an_ended_trial_is_removed_until_that_succeeds);
  RUN_TEST(a_trial_that_begins_again_keeps_its_file);
  RUN_TEST(the_copy_has_each_change);
  RUN_TEST(a_copy_that_is_current_is_not_written);
  RUN_TEST(a_device_without_settings_writes_no_copy);
  RUN_TEST(a_copy_that_cannot_be_written_is_written_later);
  RUN_TEST(a_damaged_file_is_restored_from_its_copy);
  RUN_TEST(a_change_replaces_a_damaged_file_too);
  RUN_TEST(a_file_without_a_sound_copy_is_reported_and_kept);
  RUN_TEST(each_key_has_a_row_for_its_views);
  RUN_TEST(the_limits_of_the_table_are_those_that_are_checked);
  RUN_TEST(a_view_shows_a_secret_as_set_or_not);
  RUN_TEST(each_number_rejects_any_other_text);
  RUN_TEST(each_boolean_is_true_or_false_in_any_case);
  RUN_TEST(each_choice_has_its_names_only);
  RUN_TEST(facts_are_read_only);
  RUN_TEST(texts_are_checked);
  RUN_TEST(the_settings_of_one_group_can_be_written);
  RUN_TEST(the_file_of_a_trial_has_no_other_settings);
  RUN_TEST(a_trial_file_that_is_no_object_begins_no_trial);
  RUN_TEST(the_new_values_stay_when_the_previous_ones_cannot_be_read);
  RUN_TEST(a_failed_write_of_the_previous_values_is_logged_and_can_be_repeated);
  RUN_TEST(settings_that_make_the_file_too_large_are_rejected);
  RUN_TEST(a_trial_keeps_room_for_the_values_before_it);
  RUN_TEST(a_trial_ends_if_the_values_before_it_do_not_fit_any_more);
  RUN_TEST(a_value_that_is_too_long_for_the_file_is_rejected);
  RUN_TEST(nothing_is_changed_or_reverted_while_the_storage_is_full);
  RUN_TEST(a_trial_does_not_begin_when_the_storage_accepts_no_job);
  RUN_TEST(a_change_fails_when_the_storage_is_full_at_its_turn);
  RUN_TEST(a_change_fails_when_the_storage_is_full_after_the_values_from_before);
  RUN_TEST(a_missing_file_with_a_damaged_copy_is_a_loss);
  RUN_TEST(a_damaged_file_is_repaired_when_the_storage_has_room);
  return UNITY_END();
}
