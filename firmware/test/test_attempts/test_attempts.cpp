#include <unity.h>

#include <string>

#include "features/transactions/attempts.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

std::string next_id(Attempts& attempts) {
  const MessageId id = attempts.next_id("0badcafe-7");
  attempts.sent();
  return std::string(id.text().data, id.text().length);
}

void each_attempt_on_one_connection_has_its_own_id() {
  Attempts attempts;
  TEST_ASSERT_EQUAL_STRING("0badcafe-7", next_id(attempts).c_str());
  TEST_ASSERT_EQUAL_STRING("0badcafe-7-2", next_id(attempts).c_str());
  TEST_ASSERT_EQUAL_STRING("0badcafe-7-3", next_id(attempts).c_str());
  attempts.on_disconnected();
  TEST_ASSERT_EQUAL_STRING("0badcafe-7", next_id(attempts).c_str());
}

/// The CSMS would not recognize a message that it has got first under the id of a retry.
void attempt_that_was_not_sent_uses_no_id() {
  Attempts attempts;
  for (int i = 0; i < 3; ++i) {
    const MessageId id = attempts.next_id("0badcafe-7");
    TEST_ASSERT_TRUE(id.text() == "0badcafe-7");
    TEST_ASSERT_FALSE(attempts.is_sent());
    TEST_ASSERT_FALSE(attempts.is_in_flight("0badcafe-7"));
  }
  attempts.sent();
  TEST_ASSERT_TRUE(attempts.is_in_flight("0badcafe-7"));
}

void answers_to_any_attempt_are_recognized() {
  Attempts attempts;
  TEST_ASSERT_FALSE_MESSAGE(attempts.is_of(""), "nothing has been sent");
  next_id(attempts);
  TEST_ASSERT_TRUE(attempts.is_of("0badcafe-7"));
  TEST_ASSERT_TRUE(attempts.is_of("0badcafe-7-2"));
  TEST_ASSERT_FALSE_MESSAGE(attempts.is_of("0badcafe-77"), "another message whose number has the same prefix");
  TEST_ASSERT_FALSE_MESSAGE(attempts.is_of("0badcafe-7.1"), "a sample of a batch");
  TEST_ASSERT_FALSE(attempts.is_of("0badcafe"));
  attempts.reset();
  TEST_ASSERT_FALSE_MESSAGE(attempts.is_of("0badcafe-7"), "the message is finished");
}

void pauses_grow_by_the_interval_until_the_last_attempt() {
  Attempts attempts;
  const TransactionRetries retries{3, 60'000};
  TEST_ASSERT_TRUE(attempts.may_send(1'000));
  TEST_ASSERT_EQUAL_UINT64(kNever, attempts.next_due());
  TEST_ASSERT_TRUE(attempts.failed(retries, 1'000));
  TEST_ASSERT_EQUAL_UINT64(61'000, attempts.next_due());
  TEST_ASSERT_FALSE(attempts.may_send(60'999));
  TEST_ASSERT_TRUE(attempts.may_send(61'000));
  TEST_ASSERT_TRUE(attempts.failed(retries, 61'000));
  TEST_ASSERT_EQUAL_UINT64(120'000, attempts.pause());
  TEST_ASSERT_EQUAL_UINT64(181'000, attempts.next_due());
  TEST_ASSERT_FALSE_MESSAGE(attempts.failed(retries, 181'000), "that was the third attempt");
}

void a_new_connection_needs_no_pause_but_keeps_the_count() {
  Attempts attempts;
  const TransactionRetries retries{2, 60'000};
  TEST_ASSERT_TRUE(attempts.failed(retries, 1'000));
  attempts.on_disconnected();
  TEST_ASSERT_TRUE(attempts.may_send(1'001));
  TEST_ASSERT_FALSE(attempts.failed(retries, 2'000));
}

void longest_pause_of_the_settings_does_not_overflow() {
  Attempts attempts;
  const TransactionRetries retries{100, Millis{1000} * 86'400};
  for (unsigned i = 1; i < 100; ++i) {
    TEST_ASSERT_TRUE(attempts.failed(retries, 0));
    TEST_ASSERT_EQUAL_UINT64(retries.interval * i, attempts.next_due());
  }
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(each_attempt_on_one_connection_has_its_own_id);
  RUN_TEST(attempt_that_was_not_sent_uses_no_id);
  RUN_TEST(answers_to_any_attempt_are_recognized);
  RUN_TEST(pauses_grow_by_the_interval_until_the_last_attempt);
  RUN_TEST(a_new_connection_needs_no_pause_but_keeps_the_count);
  RUN_TEST(longest_pause_of_the_settings_does_not_overflow);
  return UNITY_END();
}
