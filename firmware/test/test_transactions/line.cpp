#include <set>

#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

void whole_charge_goes_out_in_order_and_leaves_no_files() {
  Simple rig;
  rig.device->set_time();
  TEST_ASSERT_TRUE(rig.tx().begin("TAG", 1000, rig.clock.now()));
  rig.settle_and_send_all();
  int64_t id = 0;
  TEST_ASSERT_TRUE(rig.tx().transaction_id(id));
  TEST_ASSERT_EQUAL_INT64(100, id);
  rig.device->sample(1100);
  rig.settle_and_send_all();
  rig.tx().end(StopReason::local, "TAG", 1200, rig.clock.now());
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_size_t(3, rig.csms.messages.size());
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_STRING(
      "{\"transactionId\":100,\"idTag\":\"TAG\",\"meterStop\":1200,\"timestamp\":\"2023-11-14T22:13:21.000Z\","
      "\"reason\":\"Local\"}",
      rig.csms.messages[2].payload.c_str());
  TEST_ASSERT_EQUAL_size_t(0, rig.record_files());
  TEST_ASSERT_EQUAL_size_t(0, rig.tx().outbox().size());
  TEST_ASSERT_EQUAL_UINT32(0, rig.tx().dropped());
}

void nothing_is_sent_before_it_is_saved() {
  Simple rig;
  rig.device->set_time();
  rig.tx().begin("TAG", 0, rig.clock.now());
  Millis queued_at = 0;
  TEST_ASSERT_EQUAL(DurableCalls::Front::storing, rig.tx().outbox().front(rig.clock.now(), queued_at));
  rig.tx().poll(rig.clock.now());
  TEST_ASSERT_EQUAL(DurableCalls::Front::storing, rig.tx().outbox().front(rig.clock.now(), queued_at));
  rig.storage.run_one();
  TEST_ASSERT_EQUAL(DurableCalls::Front::ready, rig.tx().outbox().front(rig.clock.now(), queued_at));
  TEST_ASSERT_TRUE(rig.tx().all_saved());
}

void refused_message_is_given_up_after_three_attempts_and_the_line_goes_on() {
  Simple rig;
  rig.device->set_time();
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle_and_send_all();
  rig.device->sample(10);
  rig.tx().end(StopReason::local, "", 20, rig.clock.now());
  rig.settle();
  std::set<std::string> ids;
  const Millis waits[] = {60'000, 120'000};
  for (int attempt = 0; attempt < 3; ++attempt) {
    int64_t none = 0;
    std::string id = rig.device->send(rig.csms, none);
    TEST_ASSERT_FALSE(id.empty());
    TEST_ASSERT_TRUE_MESSAGE(ids.insert(id).second, "no id is used twice on one connection");
    TEST_ASSERT_LESS_OR_EQUAL_size_t(kMaxMessageId, id.size());
    TEST_ASSERT_TRUE(rig.tx().outbox().on_error({id.data(), id.size()}, "InternalError", rig.clock.now()));
    if (attempt == 2) break;
    Millis queued_at = 0;
    TEST_ASSERT_EQUAL_UINT64(rig.clock.now() + waits[attempt], rig.tx().outbox().next_due());
    rig.clock.advance(waits[attempt] - 1);
    TEST_ASSERT_EQUAL(DurableCalls::Front::none, rig.tx().outbox().front(rig.clock.now(), queued_at));
    rig.clock.advance(1);
  }
  TEST_ASSERT_EQUAL_UINT32(1, rig.tx().dropped());
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_STRING("StopTransaction", rig.csms.messages.back().action.c_str());
  TEST_ASSERT_EQUAL_size_t(0, rig.record_files());
}

void start_that_is_given_up_takes_its_transaction_along() {
  Simple rig;
  rig.device->set_time();
  rig.tx().set_retries({1, 1000});
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  int64_t none = 0;
  std::string id = rig.device->send(rig.csms, none);
  rig.tx().outbox().on_timeout(rig.clock.now());
  rig.device->sample(10);
  rig.tx().end(StopReason::local, "", 20, rig.clock.now());
  TEST_ASSERT_TRUE(rig.tx().begin("NEXT", 30, rig.clock.now()));
  rig.tx().end(StopReason::local, "", 40, rig.clock.now());
  rig.csms = Csms();
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_UINT32(3, rig.tx().dropped());
  TEST_ASSERT_EQUAL_size_t(2, rig.csms.messages.size());
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_size_t(0, rig.record_files());
}

void late_answer_counts_and_a_second_one_is_ignored() {
  Simple rig;
  rig.device->set_time();
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  int64_t id = 0;
  std::string first = rig.device->send(rig.csms, id);
  rig.tx().outbox().on_timeout(rig.clock.now());
  rig.clock.advance(60'000);
  std::string second = rig.device->send(rig.csms, id);
  TEST_ASSERT_TRUE(first != second);
  rig.device->answer(first, id);
  rig.settle();
  TEST_ASSERT_TRUE(rig.tx().transaction_id(id));
  JsonError error;
  TEST_ASSERT_FALSE(
      rig.tx().outbox().on_result({second.data(), second.size()}, parse_json("{}", error), rig.clock.now()));
  TEST_ASSERT_FALSE(rig.tx().outbox().on_error({second.data(), second.size()}, "InternalError", rig.clock.now()));
  TEST_ASSERT_FALSE(rig.tx().outbox().on_result("", parse_json("{}", error), rig.clock.now()));
}

/// Each attempt fails once: a refusal that comes after its time has been counted, and is of no attempt after it.
void late_refusal_is_no_other_failed_attempt() {
  Simple rig;
  rig.device->set_time();
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  int64_t none = 0;
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const std::string id = rig.device->send(rig.csms, none);
    TEST_ASSERT_FALSE_MESSAGE(id.empty(), "given up too early");
    rig.tx().outbox().on_timeout(rig.clock.now());
    const Millis due = rig.tx().outbox().next_due();
    TEST_ASSERT_FALSE(rig.tx().outbox().on_error({id.data(), id.size()}, "InternalError", rig.clock.now()));
    TEST_ASSERT_EQUAL_UINT64(due, rig.tx().outbox().next_due());
    if (attempt < 3) rig.clock.set(due);
  }
  TEST_ASSERT_EQUAL_UINT32(1, rig.tx().dropped());
}

void late_refusal_does_not_end_the_next_attempt() {
  Simple rig;
  rig.device->set_time();
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  int64_t id = 0;
  const std::string first = rig.device->send(rig.csms, id);
  rig.tx().outbox().on_timeout(rig.clock.now());
  rig.clock.advance(60'000);
  const std::string second = rig.device->send(rig.csms, id);
  TEST_ASSERT_FALSE(rig.tx().outbox().on_error({first.data(), first.size()}, "InternalError", rig.clock.now()));
  rig.device->answer(second, id);
  TEST_ASSERT_TRUE(rig.tx().transaction_id(id));
}

void same_id_is_used_on_the_next_connection() {
  Simple rig;
  rig.device->set_time();
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  int64_t id = 0;
  std::string first = rig.device->send(rig.csms, id);
  rig.tx().outbox().on_disconnected(rig.clock.now());
  TEST_ASSERT_EQUAL_STRING(first.c_str(), rig.device->send(rig.csms, id).c_str());
}

void start_answer_without_transaction_id_is_a_failed_attempt() {
  Simple rig;
  rig.device->set_time();
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  int64_t id = 0;
  std::string message = rig.device->send(rig.csms, id);
  JsonError error;
  TEST_ASSERT_TRUE(
      rig.tx().outbox().on_result({message.data(), message.size()}, parse_json("{}", error), rig.clock.now()));
  TEST_ASSERT_FALSE(rig.tx().transaction_id(id));
  TEST_ASSERT_EQUAL_UINT64(rig.clock.now() + 60'000, rig.tx().outbox().next_due());
}

struct Refusal final : TransactionListener {
  std::string status;
  bool given_up = false;
  void on_start_not_accepted(Text text, Millis) override { status = str(text); }
  void on_start_given_up(Millis) override { given_up = true; }
};

void refused_id_tag_is_told() {
  Simple rig;
  Refusal refusal;
  rig.tx().set_listener(refusal);
  rig.device->set_time();
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  int64_t id = 0;
  std::string message = rig.device->send(rig.csms, id);
  rig.device->answer(message, id, "Blocked");
  TEST_ASSERT_EQUAL_STRING("Blocked", refusal.status.c_str());
}

/// A charge that goes on although its StartTransaction was given up: the refusal that comes late is heard, whatever
/// else is in the answer, and once.
void late_refusal_of_a_start_that_was_given_up_counts_without_a_transaction_id() {
  for (const char* answer :
       {"{\"transactionId\":null,\"idTagInfo\":{\"status\":\"Invalid\"}}", "{\"idTagInfo\":{\"status\":\"Invalid\"}}",
        "{\"idTagInfo\":{}}", "{\"transactionId\":\"none\",\"idTagInfo\":{\"status\":\"Invalid\"}}"}) {
    Simple rig;
    Refusal refusal;
    rig.tx().set_listener(refusal);
    rig.tx().set_retries({1, 1'000});
    rig.device->set_time();
    rig.tx().begin("TAG", 0, rig.clock.now());
    rig.settle();
    int64_t id = 0;
    const std::string message = rig.device->send(rig.csms, id);
    rig.tx().outbox().on_timeout(rig.clock.now());
    TEST_ASSERT_TRUE(refusal.given_up);
    const auto answered = [&](const char* text) {
      JsonError error;
      return rig.tx().outbox().on_late_result({message.data(), message.size()}, parse_json(text, error),
                                              rig.clock.now());
    };
    TEST_ASSERT_FALSE_MESSAGE(answered("{}"), "nothing is said");
    TEST_ASSERT_FALSE(rig.tx().refused());
    TEST_ASSERT_TRUE_MESSAGE(answered(answer), answer);
    TEST_ASSERT_TRUE(rig.tx().refused());
    TEST_ASSERT_EQUAL_STRING("Invalid", refusal.status.c_str());
    TEST_ASSERT_TRUE_MESSAGE(answered("{\"transactionId\":5}"), "its id is still wanted");
    TEST_ASSERT_TRUE(rig.tx().transaction_id(id));
  }
}

void answer_to_an_earlier_attempt_is_not_taken_for_one_of_a_start_that_was_given_up() {
  Simple rig;
  Refusal refusal;
  rig.tx().set_listener(refusal);
  rig.device->set_time();
  rig.tx().begin("TAG", 0, rig.clock.now());
  rig.settle();
  int64_t id = 0;
  const std::string message = rig.device->send(rig.csms, id);
  rig.tx().outbox().on_timeout(rig.clock.now());
  JsonError error;
  TEST_ASSERT_FALSE(rig.tx().outbox().on_late_result({message.data(), message.size()},
                                                     parse_json("{\"idTagInfo\":{\"status\":\"Invalid\"}}", error),
                                                     rig.clock.now()));
  TEST_ASSERT_EQUAL_STRING("", refusal.status.c_str());
}

void start_that_is_given_up_is_reported_whatever_the_cause() {
  enum { refused, unanswered, without_id, damaged };
  for (int cause : {refused, unanswered, without_id, damaged}) {
    Simple rig;
    Refusal listener;
    rig.tx().set_listener(listener);
    rig.tx().set_retries({1, 1'000});
    rig.device->set_time();
    rig.tx().begin("TAG", 0, rig.clock.now());
    rig.settle();
    if (cause == damaged) rig.storage.files.begin()->second[0] = '-';
    int64_t none = 0;
    const std::string id = rig.device->send(rig.csms, none);
    JsonError error;
    if (cause == refused) rig.tx().outbox().on_error({id.data(), id.size()}, "InternalError", rig.clock.now());
    if (cause == unanswered) rig.tx().outbox().on_timeout(rig.clock.now());
    if (cause == without_id) {
      rig.tx().outbox().on_result({id.data(), id.size()}, parse_json("{}", error), rig.clock.now());
    }
    TEST_ASSERT_TRUE(listener.given_up);
  }
}

}  // namespace

void run_line_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(whole_charge_goes_out_in_order_and_leaves_no_files);
  RUN_TEST(nothing_is_sent_before_it_is_saved);
  RUN_TEST(refused_message_is_given_up_after_three_attempts_and_the_line_goes_on);
  RUN_TEST(start_that_is_given_up_takes_its_transaction_along);
  RUN_TEST(late_answer_counts_and_a_second_one_is_ignored);
  RUN_TEST(late_refusal_is_no_other_failed_attempt);
  RUN_TEST(late_refusal_does_not_end_the_next_attempt);
  RUN_TEST(same_id_is_used_on_the_next_connection);
  RUN_TEST(start_answer_without_transaction_id_is_a_failed_attempt);
  RUN_TEST(refused_id_tag_is_told);
  RUN_TEST(late_refusal_of_a_start_that_was_given_up_counts_without_a_transaction_id);
  RUN_TEST(answer_to_an_earlier_attempt_is_not_taken_for_one_of_a_start_that_was_given_up);
  RUN_TEST(start_that_is_given_up_is_reported_whatever_the_cause);
}
