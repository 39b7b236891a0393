#include <unity.h>

#include <string>

#include "core/text.h"
#include "features/schema/date_time_format.h"
#include "features/schema/uri_format.h"
#include "suites.h"

using namespace pb;

namespace {

/// A text that is not of the format: the first character of `rest` is rejected, or the end if `rest` is empty.
struct Rejected {
  Text start;
  Text rest;
};

template <class Format>
void assert_accepts(Text text) {
  Format format;
  for (size_t i = 0; i < text.length; ++i) {
    TEST_ASSERT_TRUE_MESSAGE(format.feed(static_cast<uint8_t>(text.data[i])), text.data);
  }
  TEST_ASSERT_TRUE_MESSAGE(format.is_complete(), text.data);
}

template <class Format>
void assert_rejects(const Rejected& text) {
  const std::string whole = std::string(text.start.data, text.start.length) + "|" + text.rest.data;
  Format format;
  for (size_t i = 0; i < text.start.length; ++i) {
    TEST_ASSERT_TRUE_MESSAGE(format.feed(static_cast<uint8_t>(text.start.data[i])), whole.c_str());
  }
  for (size_t i = 0; i < text.rest.length; ++i) {
    TEST_ASSERT_FALSE_MESSAGE(format.feed(static_cast<uint8_t>(text.rest.data[i])), whole.c_str());
  }
  TEST_ASSERT_FALSE_MESSAGE(format.is_complete(), whole.c_str());
}

void accepts_date_times_of_rfc_3339() {
  const char* const texts[] = {"2016-12-31T23:59:59Z",      "0000-01-01t00:00:00z",
                               "2024-02-29T00:00:00.5Z",    "2023-01-31T01:02:03+23:59",
                               "2023-01-31T01:02:03-00:00", "2023-01-31T01:02:03.123456789012-05:30"};
  for (const char* text : texts) assert_accepts<DateTimeFormat>(text);
}

void rejects_other_date_times() {
  const Rejected texts[] = {
      {"", ""},
      {"2016-12-31T23:59:59", ""},
      {"2016-12-31T23:59:59.5", ""},
      {"2016-12-31T23:59:59+00:0", ""},
      {"2016-12-31T23:59:59Z", "Z"},
      {"2016-12-31T23:59:59+00:00", "0"},
      {"201", "-12-31T23:59:59Z"},
      {"2016", "112-31T23:59:59Z"},
      {"2016-1", "-31T23:59:59Z"},
      {"2016-12", "03-31T23:59:59Z"},
      {"2016-00", "-31T23:59:59Z"},
      {"2016-13", "-31T23:59:59Z"},
      {"2016-12-00", "T23:59:59Z"},
      {"2016-12-32", "T23:59:59Z"},
      {"2023-02-29", "T23:59:59Z"},
      {"2016-12-31", " 23:59:59Z"},
      {"2016", "/12/31T23:59:59Z"},
      {"2016", "T12-31T23:59:59Z"},
      {"2016-12-31T24", ":00:00Z"},
      {"2016-12-31T23:60", ":00Z"},
      {"2016-12-31T23:59", "Z"},
      {"2016-12-31T23:59:61", "Z"},
      {"2016-12-31T23:59:59", ",5Z"},
      {"2016-12-31T23:59:59.", "Z"},
      {"2016-12-31T23:59:59.5", ".5Z"},
      {"2016-12-31T23:59:59+24", ":00"},
      {"2016-12-31T23:59:59+00:5", "Z"},
      {"2016-12-31T23:59:59+00:6", "0"},
      {"2016-12-31T23:59:59+00", "00"},
      {"2016-12-31T23:59:59", Text("\0", 1)},
      {"2016-12-31T23:59:59+00:", Text("\0", 1)},
      {"2016-12-31T23:59:5", "\xb2Z"},
  };
  for (const Rejected& text : texts) assert_rejects<DateTimeFormat>(text);
}

void a_leap_second_is_the_last_of_a_day_in_utc() {
  const char* const texts[] = {"2016-12-31T23:59:60Z", "2016-12-31T23:59:60.9Z", "2017-01-01T00:59:60+01:00",
                               "2016-12-31T18:29:60-05:30"};
  for (const char* text : texts) assert_accepts<DateTimeFormat>(text);
  assert_rejects<DateTimeFormat>({"2016-12-31T23:58:60", "Z"});
  assert_rejects<DateTimeFormat>({"2016-12-31T23:59:60+01:0", "0"});
  assert_rejects<DateTimeFormat>({"2017-01-01T00:59:60-01:0", "0"});
}

void accepts_uris_of_rfc_3986() {
  const char* const texts[] = {// The examples of section 1.1.2.
                               "ftp://ftp.is.co.za/rfc/rfc1808.txt", "http://www.ietf.org/rfc/rfc2396.txt",
                               "ldap://[2001:db8::7]/c=GB?objectClass?one", "mailto:John.Doe@example.com",
                               "news:comp.infosystems.www.servers.unix", "tel:+1-816-555-1212",
                               "telnet://192.0.2.16:80/", "urn:oasis:names:specification:docbook:dtd:xml:4.1.2",
                               // Scheme and path.
                               "a:", "Z+1-.:", "a:/", "a:/b//c", "a:b:@/%7e%7E", "a:~!$&'()*+,;=", "a://", "a:///b",
                               // Query and fragment, after each part before them.
                               "a:?", "a:#", "a:/?", "a:/#", "a:b?c", "a:b#c", "a://h?q", "a://h#f", "a://[::]?q",
                               "a://[::]#f", "a:?:@/?%3f#:@/?%23",
                               // User and port.
                               "a://u@", "a://u:p:q@h:80/", "a://:@:", "a://h:/", "a://h:80", "a://h:80?", "a://h:80#",
                               "a://u%40%3a:%5b@h", "a://[::]:", "a://[::]:80/", "a://u@[::]:80"};
  for (const char* text : texts) assert_accepts<UriFormat>(text);
}

void rejects_other_uris() {
  const Rejected texts[] = {
      // Scheme and path.
      {"", ""},
      {"", "1a:"},
      {"", ":"},
      {"", "{a:"},
      {"", "/a/b"},
      {"a", ""},
      {"a", "_b:"},
      {"a", "/b"},
      {"a:", " "},
      {"a:/", "\\"},
      {"a:b", "|"},
      {"a:b", "[c]"},
      {"a:b", Text("\0", 1)},
      {"a:b", "\xe9"},
      // Percent-encoding, in each part.
      {"a:%", ""},
      {"a:%4", ""},
      {"a:%", "?"},
      {"a:%4", "#"},
      {"a:?%", "#"},
      {"a:#%4", "g"},
      {"a://%", "@h"},
      {"a://%4", "/"},
      {"a://%4", ":"},
      {"a://%", "[::]"},
      // Query and fragment.
      {"a:?b", "^"},
      {"a:#b", "#"},
      // User and port.
      {"a://h:8x", ""},
      {"a://h:8x", "/"},
      {"a://h:8x", "?"},
      {"a://h:8x", "#"},
      {"a://h:1:2", ""},
      {"a://u@h:", "x"},
      {"a://u@h:1", ":2"},
      {"a://u@h:", "%31"},
      {"a://u@h", "@i"},
      {"a://h", "\"@"},
      {"a://h", "[::]"},
      {"a://:", "[::]"},
      {"a://u@:", "[::]"},
      {"a://[::]", "h"},
      {"a://[::]", "8"},
      {"a://[::]:8", "x"},
      {"a://[::]:8", ":"},
      {"a://[::]", "@h"},
      {"a://[::]:", "]"},
  };
  for (const Rejected& text : texts) assert_rejects<UriFormat>(text);
}

/// The low byte of U+0161 is the letter a.
void no_character_beyond_ascii_is_one_of_a_format() {
  UriFormat uri;
  TEST_ASSERT_FALSE(uri.feed(0x161));
  TEST_ASSERT_FALSE(uri.feed('a'));
  DateTimeFormat date_time;
  TEST_ASSERT_FALSE(date_time.feed(0x132));
  TEST_ASSERT_FALSE(date_time.feed('2'));
}

void accepts_ip_addresses_in_brackets() {
  const char* const texts[] = {"a://[1:2:3:4:5:6:7:8]",
                               "a://[0001:ABCD:ef:0:0:0:0:0]",
                               "a://[::]",
                               "a://[::8]",
                               "a://[1::]",
                               "a://[1:2:3:4:5:6:7::]",
                               "a://[::2:3:4:5:6:7:8]",
                               "a://[1:2:3::5:6:7:8]",
                               "a://[1:2:3:4:5:6:192.0.2.16]",
                               "a://[::255.255.255.255]",
                               "a://[1:2:3:4:5::0.0.0.0]",
                               "a://[::ffff:1.20.199.250]",
                               "a://[v1.a]",
                               "a://[VfF.:~!:]",
                               "a://[v1.b]:80/"};
  for (const char* text : texts) assert_accepts<UriFormat>(text);
}

void rejects_other_texts_in_brackets() {
  const Rejected texts[] = {
      {"a://[", ""},
      {"a://[::", ""},
      {"a://[", "]"},
      {"a://[", "g"},
      {"a://[", "%31"},
      {"a://[1:2:3:4:5:6:7", "]"},
      {"a://[1:2:3:4:5:6:7:", "]"},
      {"a://[1:2:3:4:5:6:7:8:9", "]"},
      {"a://[1:2:3:4:5:6:7:8:9", ":"},
      {"a://[1:2:3:4:5:6:7::8", "]"},
      {"a://[1234", "5"},
      {"a://[:", "1"},
      {"a://[:", "]"},
      {"a://[::", ":"},
      {"a://[1::2:", ":"},
      // An address of IPv4 at the end.
      {"a://[1.2.3.4", "]"},
      {"a://[1:2:3:4:5:6:7:1.2.3.4", "]"},
      {"a://[1:2:3:4:5:6::1.2.3.4", "]"},
      {"a://[::", "."},
      {"a://[::a", ".2.3.4"},
      {"a://[::256", ".2.3.4"},
      {"a://[::01", ".2.3.4"},
      {"a://[::1.2.3", "]"},
      {"a://[::1.2.3.", "]"},
      {"a://[::1.", ".3.4"},
      {"a://[::1.2.3.4", "."},
      {"a://[::1.2", ":3"},
      {"a://[::1.2.3.", "a"},
      {"a://[::1.2.3.0", "0"},
      {"a://[::1.2.3.25", "6"},
      // A later version.
      {"a://[v1.a", ""},
      {"a://[v", "g.a]"},
      {"a://[v", "]"},
      {"a://[v", ".a]"},
      {"a://[v1", "]"},
      {"a://[v1.", "]"},
      {"a://[v1.a", "/"},
      {"a://[1", "v1.a]"},
  };
  for (const Rejected& text : texts) assert_rejects<UriFormat>(text);
}

}  // namespace

void run_format_tests() {
  RUN_TEST(accepts_date_times_of_rfc_3339);
  RUN_TEST(rejects_other_date_times);
  RUN_TEST(a_leap_second_is_the_last_of_a_day_in_utc);
  RUN_TEST(accepts_uris_of_rfc_3986);
  RUN_TEST(rejects_other_uris);
  RUN_TEST(no_character_beyond_ascii_is_one_of_a_format);
  RUN_TEST(accepts_ip_addresses_in_brackets);
  RUN_TEST(rejects_other_texts_in_brackets);
}
