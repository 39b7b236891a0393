#include <unity.h>

#include "core/base64.h"
#include "features/security/security.h"
#include "support/check.h"
#include "support/fake_clock.h"
#include "support/fake_secrets.h"
#include "support/fake_storage.h"
#include "support/fake_uart.h"
#include "support/fake_worker.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

constexpr Text kKeyInHex = "000102030405060708090a0b0c0d0e0F";
constexpr UnixMillis kToday = 1'767'225'600'000;  // 2026-01-01

struct Bench {
  FakeClock clock;
  FakeUart uart;
  Logger log{clock, uart};
  FakeStorage storage;
  FakeSecrets secrets;
  FakeWorker worker;
  Settings settings;
  TimeSync time{clock, storage};
  Security security{secrets, worker, settings, time, log};

  Bench() { settings.identity.assign("CP-1"); }
  std::string login() {
    char bytes[Credentials::kMaxAuthorization];
    const Text text = security.authorization(settings.identity.text(), Span<char>(bytes));
    return {text.data, text.length};
  }
};

void each_profile_says_what_the_connection_shows() {
  Bench bench;
  bench.secrets.blobs["auth_key"] = "0123456789abcdef";
  const std::string login = "Basic Q1AtMTowMTIzNDU2Nzg5YWJjZGVm";
  struct Case {
    uint32_t profile;
    bool tls;
    bool client_certificate;
    bool has_login;
  };
  for (const Case& one : {Case{0, false, false, false}, Case{1, false, false, true}, Case{2, true, false, true},
                          Case{3, true, true, false}}) {
    bench.settings.security_profile = one.profile;
    const TcpSecurity security = bench.security.security(false);
    TEST_ASSERT_EQUAL(one.tls, security.tls);
    TEST_ASSERT_EQUAL(one.client_certificate, security.client_certificate);
    TEST_ASSERT_EQUAL_STRING(one.has_login ? login.c_str() : "", bench.login().c_str());
  }
}

void a_url_with_wss_has_tls_in_every_profile() {
  Bench bench;
  TEST_ASSERT_TRUE(bench.security.security(true).tls);
}

void a_login_without_a_key_is_empty_and_said() {
  Bench bench;
  bench.settings.security_profile = 1;
  TEST_ASSERT_EQUAL_STRING("", bench.login().c_str());
  TEST_ASSERT_TRUE(bench.uart.wrote("there is no AuthorizationKey for security profile 1"));
}

void the_longest_identity_and_key_fit_into_the_header() {
  Bench bench;
  std::string identity;
  for (int i = 0; i < 48; ++i) identity += "\xF0\x9F\x94\x8C";
  TEST_ASSERT_TRUE(bench.settings.identity.assign({identity.data(), identity.size()}));
  bench.settings.security_profile = 1;
  bench.secrets.blobs["auth_key"] = std::string(Security::kMaxKey, 'k');
  TEST_ASSERT_EQUAL_size_t(6 + base64_length(192 + 1 + 20), bench.login().size());
}

void a_profile_names_what_it_lacks() {
  Bench bench;
  TEST_ASSERT_NULL(bench.security.error_for(0));
  check_contains("AuthorizationKey", bench.security.error_for(1));
  check_contains("AuthorizationKey", bench.security.error_for(2));
  check_contains("root", bench.security.error_for(3));
  bench.secrets.blobs = {{"auth_key", "k"}, {"root", "r"}};
  TEST_ASSERT_NULL(bench.security.error_for(1));
  TEST_ASSERT_NULL(bench.security.error_for(2));
  check_contains("client certificate", bench.security.error_for(3));
  bench.secrets.blobs["client_chain"] = "c";
  check_contains("client certificate", bench.security.error_for(3));
  bench.secrets.blobs["client_key"] = "k";
  TEST_ASSERT_NULL(bench.security.error_for(3));
}

struct Outcome {
  int stored = 0;
  int failed = 0;
  int changes = 0;
  StorageDone done() {
    return {[](void* self, StorageResult result) {
              auto& outcome = *static_cast<Outcome*>(self);
              ++(result == StorageResult::ok ? outcome.stored : outcome.failed);
            },
            this};
  }
};

void a_key_is_stored_in_bytes_and_said_to_be_when_it_is_durable() {
  Bench bench;
  Outcome outcome;
  bench.security.set_listener({[](void* self) { ++static_cast<Outcome*>(self)->changes; }, &outcome});
  TEST_ASSERT_NULL(bench.security.set_authorization_key(kKeyInHex, outcome.done()));
  TEST_ASSERT_EQUAL(0, outcome.stored);
  TEST_ASSERT_EQUAL_STRING(Security::kBusy, bench.security.set_authorization_key(kKeyInHex, {}));
  bench.worker.deliver_all();
  TEST_ASSERT_EQUAL(1, outcome.stored);
  TEST_ASSERT_EQUAL(1, outcome.changes);
  TEST_ASSERT_EQUAL_size_t(16, bench.secrets.blobs["auth_key"].size());
  TEST_ASSERT_EQUAL_HEX8(0x0F, bench.secrets.blobs["auth_key"][15]);
}

void a_key_that_cannot_be_stored_changes_nothing() {
  Bench bench;
  Outcome outcome;
  bench.security.set_listener({[](void* self) { ++static_cast<Outcome*>(self)->changes; }, &outcome});
  bench.secrets.broken = true;
  TEST_ASSERT_NULL(bench.security.set_authorization_key(kKeyInHex, outcome.done()));
  bench.worker.deliver_all();
  TEST_ASSERT_EQUAL(1, outcome.failed);
  TEST_ASSERT_EQUAL(0, outcome.changes);
  bench.worker.full = true;
  TEST_ASSERT_EQUAL_STRING(Security::kBusy, bench.security.set_authorization_key(kKeyInHex, {}));
}

void a_key_of_another_form_is_rejected() {
  for (const char* wrong : {"", "0123", "0011223344556677889900112233445",
                            "00112233445566778899001122334455667788990011", "xx112233445566778899001122334455"}) {
    Bench bench;
    check_contains("32 to 40 hexadecimal digits", bench.security.set_authorization_key(wrong, {}));
  }
}

void certificates_are_judged_by_the_best_time_there_is() {
  Bench bench;
  bench.clock.set(5000);
  TEST_ASSERT_EQUAL_INT64(TimeSync::kEarliest / 1000, bench.security.time().unix_s);
  TEST_ASSERT_FALSE(bench.security.time().is_exact);
  bench.time.set_from_server(kToday - 1'000, bench.clock.now());
  TEST_ASSERT_EQUAL_INT64(kToday / 1000 - 1, bench.security.time().unix_s);
  TEST_ASSERT_FALSE_MESSAGE(bench.security.time().is_exact, "nothing authenticates a time server");
  bench.time.set_from_csms(kToday);
  TEST_ASSERT_EQUAL_INT64(kToday / 1000, bench.security.time().unix_s);
  TEST_ASSERT_TRUE(bench.security.time().is_exact);
}

void a_time_that_is_not_exact_is_said_once() {
  Bench bench;
  bench.security.security(true);
  TEST_ASSERT_TRUE(bench.uart.wrote("the time is at least 2020-01-01T00:00:00.000Z; until the CSMS sends it"));
  bench.uart.take();
  bench.security.security(true);
  TEST_ASSERT_EQUAL_STRING("", bench.uart.take().c_str());
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(each_profile_says_what_the_connection_shows);
  RUN_TEST(a_url_with_wss_has_tls_in_every_profile);
  RUN_TEST(a_login_without_a_key_is_empty_and_said);
  RUN_TEST(the_longest_identity_and_key_fit_into_the_header);
  RUN_TEST(a_profile_names_what_it_lacks);
  RUN_TEST(a_key_is_stored_in_bytes_and_said_to_be_when_it_is_durable);
  RUN_TEST(a_key_that_cannot_be_stored_changes_nothing);
  RUN_TEST(a_key_of_another_form_is_rejected);
  RUN_TEST(certificates_are_judged_by_the_best_time_there_is);
  RUN_TEST(a_time_that_is_not_exact_is_said_once);
  return UNITY_END();
}
