#include <unity.h>

#include <string>

#include "features/websocket/csms_url.h"
#include "support/check.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

Text text_of(const std::string& text) { return {text.data(), text.size()}; }

constexpr const char* kLongLabel = "ws://a.l234567890123456789012345678901234567890123456789012345678901234/";

void bad_urls_are_named() {
  struct Case {
    const char* url;
    const char* message;
  };
  const Case cases[] = {
      {"", "must begin with ws://"},
      {"http://x/", "must begin with ws://"},
      {"wss:/x/", "must begin with ws:// or wss://"},
      {"wss://", "must have a host"},
      {"ws://", "must have a host"},
      {"ws://:80/", "must have a host"},
      {"ws:///path", "must have a host"},
      {"ws://h:0/", "port from 1 to 65535"},
      {"ws://h:65536/", "port from 1 to 65535"},
      {"ws://h:x/", "port from 1 to 65535"},
      {"ws://h:/", "port from 1 to 65535"},
      {"ws://[::1/", "']' after the '['"},
      {"ws://[csms]/", "IPv6 address"},
      {"ws://[12]/", "IPv6 address"},
      {"ws://[fe80::1%25eth0]/", "IPv6 address"},
      {"ws://a..b/", "single dots"},
      {"ws://.csms/", "single dots"},
      {"ws://./", "single dots"},
      {"ws://csms\\ocpp", "host of letters"},
      {"ws://a,b/", "host of letters"},
      {"ws://<csms>/", "host of letters"},
      {"ws://%68ost/", "host of letters"},
      {"ws://h]/", "host of letters"},
      {"ws://~h/", "host of letters"},
      {kLongLabel, "parts of 1 to 63"},
      {"ws://h/a#b", "no fragment"},
      {"ws://h?a#b", "no fragment"},
      {"ws://user:pw@host/", "no user and password"},
      {"ws://user@host:9000/ocpp", "no user and password"},
      {"ws://@host", "no user and password"},
      {"ws://h/a b", "printable ASCII without blanks"},
      {"ws://h/\xc3\xa4", "printable ASCII without blanks"},
  };
  for (const Case& c : cases) {
    const char* problem = CsmsUrl::check(c.url);
    TEST_ASSERT_NOT_NULL_MESSAGE(problem, c.url);
    TEST_ASSERT_NOT_NULL_MESSAGE(strstr(problem, c.message), problem);
    CsmsUrl url;
    TEST_ASSERT_FALSE_MESSAGE(url.parse(c.url, "id"), c.url);
  }
}

void urls_are_judged_as_in_the_shared_table() {
  enum Answer { REFUSED, ACCEPTED };
  struct Case {
    Answer answer;
    const char* url;
  };
  const Case cases[] = {
#define CSMS_URL(answer, url) {answer, url},
#include "csms_urls.inc"
#undef CSMS_URL
  };
  for (const Case& c : cases) {
    TEST_ASSERT_EQUAL_MESSAGE(c.answer == ACCEPTED, CsmsUrl::check(c.url) == nullptr, c.url);
  }
}

void a_url_is_split_into_its_parts() {
  CsmsUrl url;
  TEST_ASSERT_TRUE(url.parse("ws://[::1]:8080/x/", "a b"));
  TEST_ASSERT_EQUAL_STRING("::1", url.host.c_str());
  TEST_ASSERT_EQUAL_STRING("[::1]:8080", url.authority.c_str());
  TEST_ASSERT_EQUAL_STRING("/x/a%20b", url.path.c_str());
  TEST_ASSERT_EQUAL_UINT16(8080, url.port);
  TEST_ASSERT_TRUE(url.parse("ws://h", "id"));
  TEST_ASSERT_EQUAL_STRING("/id", url.path.c_str());
  TEST_ASSERT_EQUAL_UINT16(80, url.port);
  TEST_ASSERT_TRUE(url.parse("WS://h/a@b", "id"));
  TEST_ASSERT_EQUAL_STRING("/a@b/id", url.path.c_str());
}

void every_kind_of_host_is_accepted() {
  for (const char* host : {"csms", "csms.example.com", "csms.example.com.", "csms_1-a", "10.0.0.7", "3com",
                           "l23456789012345678901234567890123456789012345678901234567890123.org"}) {
    CsmsUrl url;
    TEST_ASSERT_TRUE_MESSAGE(url.parse(text_of("ws://" + std::string(host) + ":9000/ocpp"), "id"), host);
    TEST_ASSERT_EQUAL_STRING(host, url.host.c_str());
  }
  for (const char* address : {"::", "fe80::1", "2001:DB8::a", "::ffff:10.0.0.7"}) {
    CsmsUrl url;
    TEST_ASSERT_TRUE_MESSAGE(url.parse(text_of("ws://[" + std::string(address) + "]"), "id"), address);
    TEST_ASSERT_EQUAL_STRING(address, url.host.c_str());
  }
}

void the_query_follows_the_identity() {
  struct Case {
    const char* url;
    const char* path;
  };
  const Case cases[] = {
      {"ws://h/ocpp?tenant=5", "/ocpp/id?tenant=5"},
      {"ws://h?tenant=5", "/id?tenant=5"},
      {"ws://h:9000/?", "/id?"},
      {"ws://h/a/?b=/c?d&e=f@g", "/a/id?b=/c?d&e=f@g"},
  };
  for (const Case& c : cases) {
    CsmsUrl url;
    TEST_ASSERT_TRUE_MESSAGE(url.parse(c.url, "id"), c.url);
    TEST_ASSERT_EQUAL_STRING(c.path, url.path.c_str());
    TEST_ASSERT_EQUAL_STRING("h", url.host.c_str());
  }
}

void an_identity_is_counted_in_characters_and_percent_encoded() {
  CsmsUrl url;
  TEST_ASSERT_TRUE(url.parse("ws://h", "RDAM 123"));
  TEST_ASSERT_EQUAL_STRING("/RDAM%20123", url.path.c_str());
  TEST_ASSERT_TRUE(url.parse("ws://h", "a/b?c#d%e:f"));
  TEST_ASSERT_EQUAL_STRING("/a%2Fb%3Fc%23d%25e%3Af", url.path.c_str());
  TEST_ASSERT_TRUE(url.parse("ws://h", "\xc3\xa4\xf0\x9f\x94\x8c"));
  TEST_ASSERT_EQUAL_STRING("/%C3%A4%F0%9F%94%8C", url.path.c_str());
  std::string longest;
  for (size_t i = 0; i < CsmsUrl::kMaxIdentity; ++i) longest += "\xf0\x9f\x94\x8c";
  const std::string long_url = "ws://h/" + std::string(CsmsUrl::kMaxUrl - 7, 'p');
  TEST_ASSERT_TRUE(url.parse(text_of(long_url), text_of(longest)));
  TEST_ASSERT_EQUAL_size_t(1 + CsmsUrl::kMaxUrl - 7 + 1 + 3 * longest.size(), url.path.length());
}

void bad_identities_are_named() {
  struct Case {
    std::string identity;
    const char* message;
  };
  const Case cases[] = {
      {"", "1 to 48 characters"},          {std::string(CsmsUrl::kMaxIdentity + 1, 'x'), "1 to 48 characters"},
      {"a\tb", "no control characters"},   {"CP\r\nHost: x", "no control characters"},
      {"CP\x7f", "no control characters"}, {"CP\xff", "UTF-8"},
  };
  for (const Case& c : cases) {
    const char* problem = CsmsUrl::check_identity(text_of(c.identity));
    TEST_ASSERT_NOT_NULL_MESSAGE(problem, c.identity.c_str());
    check_contains(c.message, problem);
    CsmsUrl url;
    TEST_ASSERT_FALSE(url.parse("ws://h", text_of(c.identity)));
  }
}

void a_port_that_is_not_written_is_the_schemes_or_that_of_tls() {
  struct Case {
    const char* url;
    bool has_tls;
    uint16_t without;
    uint16_t with;
  };
  for (const Case& c : {Case{"ws://h/", false, 80, 443}, Case{"wss://h/", true, 80, 443},
                        Case{"WSS://h:9000/", true, 9000, 9000}, Case{"ws://h:9000/", false, 9000, 9000}}) {
    CsmsUrl url;
    TEST_ASSERT_TRUE(url.parse(c.url, "CP-1"));
    TEST_ASSERT_EQUAL(c.has_tls, url.has_tls);
    TEST_ASSERT_EQUAL_UINT16(c.without, url.port_for(false));
    TEST_ASSERT_EQUAL_UINT16(c.with, url.port_for(true));
  }
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(bad_urls_are_named);
  RUN_TEST(urls_are_judged_as_in_the_shared_table);
  RUN_TEST(a_url_is_split_into_its_parts);
  RUN_TEST(every_kind_of_host_is_accepted);
  RUN_TEST(the_query_follows_the_identity);
  RUN_TEST(an_identity_is_counted_in_characters_and_percent_encoded);
  RUN_TEST(bad_identities_are_named);
  RUN_TEST(a_port_that_is_not_written_is_the_schemes_or_that_of_tls);
  return UNITY_END();
}
