#include "core/crc32.h"
#include "core/ring_buffer.h"
#include "core/sha256.h"
#include "core/text_writer.h"
#include "runtime/backoff.h"
#include "support/check.h"
#include "support/fake_rng.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

void crc32_has_the_check_value_of_the_standard() {
  TEST_ASSERT_EQUAL_HEX32(0xCBF43926, crc32(Text("123456789").bytes()));
  TEST_ASSERT_EQUAL_HEX32(0, crc32({}));
}

void crc32_of_two_parts_is_that_of_the_whole() {
  const uint32_t first = crc32(Text("1234").bytes());
  TEST_ASSERT_EQUAL_HEX32(0xCBF43926, crc32(Text("56789").bytes(), first));
}

std::string sha256_of(const std::string& message, size_t piece) {
  Sha256 hash;
  for (size_t i = 0; i < message.size(); i += piece) {
    const std::string part = message.substr(i, piece);
    hash.add(Text(part.data(), part.size()).bytes());
  }
  uint8_t digest[kSha256Length];
  hash.finish(digest);
  std::string text;
  for (const uint8_t byte : digest) {
    char digits[2];
    TextWriter writer{Span<char>(digits)};
    writer.append(Hex{byte, 2});
    text.append(digits, 2);
  }
  return text;
}

// FIPS 180-4: the examples that NIST has published.
void sha256_has_the_published_values() {
  TEST_ASSERT_EQUAL_STRING("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                           sha256_of("", 1).c_str());
  TEST_ASSERT_EQUAL_STRING("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                           sha256_of("abc", 3).c_str());
  TEST_ASSERT_EQUAL_STRING("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
                           sha256_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56).c_str());
  TEST_ASSERT_EQUAL_STRING("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
                           sha256_of(std::string(1'000'000, 'a'), 977).c_str());
}

void sha256_does_not_depend_on_the_pieces() {
  for (size_t length = 0; length < 130; ++length) {
    const std::string message(length, 'x');
    TEST_ASSERT_EQUAL_STRING(sha256_of(message, 1000).c_str(), sha256_of(message, 7).c_str());
  }
}

// RFC 7914, section 11.
void pbkdf2_has_the_published_value() {
  uint8_t key[kSha256Length];
  pbkdf2_sha256(Text("passwd").bytes(), Text("salt").bytes(), 1, key);
  const uint8_t expected[] = {0x55, 0xac, 0x04, 0x6e, 0x56, 0xe3, 0x08, 0x9f, 0xec, 0x16, 0x91,
                              0xc2, 0x25, 0x44, 0xb6, 0x05, 0xf9, 0x41, 0x85, 0x21, 0x6d, 0xde,
                              0x04, 0x65, 0xe6, 0x8b, 0x9d, 0x57, 0xc2, 0x0d, 0xac, 0xbc};
  TEST_ASSERT_EQUAL_HEX8_ARRAY(expected, key, sizeof expected);
}

void ring_buffer_keeps_the_order_around_its_end() {
  RingBuffer<int, 3> ring;
  int taken = 0;
  for (int i = 0; i < 10; ++i) {
    TEST_ASSERT_TRUE(ring.push(i));
    TEST_ASSERT_TRUE(ring.push(i + 100));
    TEST_ASSERT_TRUE(ring.pop(taken));
    TEST_ASSERT_EQUAL(i, taken);
    TEST_ASSERT_TRUE(ring.pop(taken));
    TEST_ASSERT_EQUAL(i + 100, taken);
  }
  TEST_ASSERT_FALSE(ring.pop(taken));
}

void ring_buffer_rejects_items_when_full() {
  RingBuffer<int, 2> ring;
  TEST_ASSERT_TRUE(ring.push(1));
  TEST_ASSERT_TRUE(ring.push(2));
  TEST_ASSERT_FALSE(ring.push(3));
  TEST_ASSERT_NULL(ring.push_in_place());
  ring.drop_newest();
  int taken = 0;
  TEST_ASSERT_TRUE(ring.pop(taken));
  TEST_ASSERT_EQUAL(1, taken);
  TEST_ASSERT_TRUE(ring.empty());
  TEST_ASSERT_NULL(ring.front());
}

void ring_buffer_shows_its_front_in_runs() {
  RingBuffer<int, 4> ring;
  for (int i = 0; i < 4; ++i) ring.push(i);
  ring.drop(3);
  ring.push(4);
  size_t length = 0;
  TEST_ASSERT_EQUAL(3, *ring.front_run(length));
  TEST_ASSERT_EQUAL(1, length);
  ring.drop(1);
  TEST_ASSERT_EQUAL(4, *ring.front_run(length));
  TEST_ASSERT_EQUAL(1, length);
  ring.drop(99);
  TEST_ASSERT_EQUAL(0, ring.size());
}

void texts_are_compared_and_trimmed() {
  TEST_ASSERT_TRUE(starts_with("ws://x", "ws://"));
  TEST_ASSERT_TRUE(starts_with("ws://", "ws://"));
  TEST_ASSERT_FALSE(starts_with("ws:/", "ws://"));
  TEST_ASSERT_TRUE(starts_with("", ""));
  TEST_ASSERT_TRUE(equal_ignoring_case("Upgrade", "uPGRADE"));
  TEST_ASSERT_FALSE(equal_ignoring_case("Upgrade", "Upgrad"));
  TEST_ASSERT_FALSE(equal_ignoring_case("[", "{"));
  check_text("a \t b", trimmed(" \t a \t b\t "));
  check_text("", trimmed(" \t"));
}

void graphic_ascii_is_visible_characters() {
  TEST_ASSERT_TRUE(is_graphic_ascii("!~aZ09"));
  TEST_ASSERT_TRUE(is_graphic_ascii(""));
  for (const char* text : {" ", "a b", "\x1f", "\x7f", "\xc3\xa4"}) {
    TEST_ASSERT_FALSE_MESSAGE(is_graphic_ascii(text), text);
  }
}

void writer_formats_the_extremes_of_integers() {
  char bytes[96];
  TextWriter writer{Span<char>(bytes)};
  writer.append_all(INT64_MIN, ' ', INT64_MAX, ' ', UINT64_MAX, ' ', int8_t{-7}, ' ', uint8_t{200}, ' ', 0, ' ', true);
  check_text("-9223372036854775808 9223372036854775807 18446744073709551615 -7 200 0 true", writer.text());
}

void writer_pads_with_zeros() {
  char bytes[64];
  TextWriter writer{Span<char>(bytes)};
  writer.append_all(Padded{7, 2}, ' ', Padded{123, 2}, ' ', Hex{0x2A, 4}, ' ', Hex{0, 1}, ' ', Hex{UINT64_MAX, 1});
  check_text("07 123 002a 0 ffffffffffffffff", writer.text());
}

void writer_cuts_and_counts_overflow() {
  char bytes[4];
  TextWriter writer{Span<char>(bytes)};
  writer.append("abc").append(12345);
  check_text("abc1", writer.text());
  TEST_ASSERT_EQUAL(4, writer.cut());
}

void backoff_doubles_up_to_the_cap_and_starts_again_after_reset() {
  FakeRng rng;
  rng.always(0);  // the least jitter: half of the step
  Backoff backoff;
  const Millis expected[] = {500, 1000, 2000, 4000, 5000, 5000};
  for (const Millis wait : expected) TEST_ASSERT_EQUAL_UINT64(wait, backoff.next(rng, 1000, 10'000));
  backoff.reset();
  TEST_ASSERT_EQUAL_UINT64(500, backoff.next(rng, 1000, 10'000));
}

void backoff_jitter_fills_the_upper_half_of_the_step() {
  FakeRng rng;
  bool below_700 = false;
  bool above_800 = false;
  for (int i = 0; i < 200; ++i) {
    Backoff backoff;
    const Millis wait = backoff.next(rng, 1000, 10'000);
    TEST_ASSERT_TRUE(wait >= 500 && wait <= 1000);
    below_700 |= wait < 700;
    above_800 |= wait > 800;
  }
  TEST_ASSERT_TRUE(below_700 && above_800);
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(crc32_has_the_check_value_of_the_standard);
  RUN_TEST(crc32_of_two_parts_is_that_of_the_whole);
  RUN_TEST(sha256_has_the_published_values);
  RUN_TEST(sha256_does_not_depend_on_the_pieces);
  RUN_TEST(pbkdf2_has_the_published_value);
  RUN_TEST(ring_buffer_keeps_the_order_around_its_end);
  RUN_TEST(ring_buffer_rejects_items_when_full);
  RUN_TEST(ring_buffer_shows_its_front_in_runs);
  RUN_TEST(texts_are_compared_and_trimmed);
  RUN_TEST(graphic_ascii_is_visible_characters);
  RUN_TEST(writer_formats_the_extremes_of_integers);
  RUN_TEST(writer_pads_with_zeros);
  RUN_TEST(writer_cuts_and_counts_overflow);
  RUN_TEST(backoff_doubles_up_to_the_cap_and_starts_again_after_reset);
  RUN_TEST(backoff_jitter_fills_the_upper_half_of_the_step);
  return UNITY_END();
}
