#include <set>

#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

void whole_charge_is_sent_in_order_and_leaves_no_files() {
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
  TEST_ASSERT_TRUE(rig.tx().all_saved());
  TEST_ASSERT_EQUAL_MESSAGE(DurableCalls::Front::storing, rig.tx().outbox().front(rig.clock.now(), queued_at),
                            "a start has a copy, which is not written yet");
  rig.settle();
  TEST_ASSERT_EQUAL(DurableCalls::Front::ready, rig.tx().outbox().front(rig.clock.now(), queued_at));
}

// A job may be writing to the file system: the message waits, and does not count as damaged.
void message_waits_while_a_storage_job_runs() {
  Simple rig;
  rig.begin();
  rig.storage.a_job_is_under_way = true;
  Millis queued_at = 0;
  TEST_ASSERT_EQUAL(DurableCalls::Front::storing, rig.tx().outbox().front(rig.clock.now(), queued_at));
  rig.storage.a_job_is_under_way = false;
  TEST_ASSERT_TRUE(rig.device->exchange(rig.csms));
  TEST_ASSERT_EQUAL_UINT32(0, rig.tx().dropped());
}

void message_is_dropped_after_three_attempts_and_the_queue_continues() {
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

void late_answer_counts_and_a_second_one_is_ignored() {
  Simple rig;
  rig.begin();
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

/// Each attempt fails once: a late rejection belongs to an attempt that already counts as failed.
void late_rejection_is_counted_once() {
  Simple rig;
  rig.begin();
  int64_t none = 0;
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const std::string id = rig.device->send(rig.csms, none);
    TEST_ASSERT_FALSE_MESSAGE(id.empty(), "dropped too early");
    rig.tx().outbox().on_timeout(rig.clock.now());
    const Millis due = rig.tx().outbox().next_due();
    TEST_ASSERT_FALSE(rig.tx().outbox().on_error({id.data(), id.size()}, "InternalError", rig.clock.now()));
    TEST_ASSERT_EQUAL_UINT64(due, rig.tx().outbox().next_due());
    if (attempt < 3) rig.clock.set(due);
  }
  TEST_ASSERT_EQUAL_UINT64(rig.clock.now() + Outbox::kHold, rig.tx().outbox().next_due());
}

void late_rejection_does_not_end_the_next_attempt() {
  Simple rig;
  rig.begin();
  int64_t id = 0;
  const std::string first = rig.device->send(rig.csms, id);
  rig.tx().outbox().on_timeout(rig.clock.now());
  rig.clock.advance(60'000);
  const std::string second = rig.device->send(rig.csms, id);
  TEST_ASSERT_FALSE(rig.tx().outbox().on_error({first.data(), first.size()}, "InternalError", rig.clock.now()));
  rig.device->answer(second, id);
  TEST_ASSERT_TRUE(rig.tx().transaction_id(id));
}

void original_id_is_used_on_the_next_connection() {
  Simple rig;
  rig.begin();
  int64_t id = 0;
  std::string first = rig.device->send(rig.csms, id);
  rig.tx().outbox().on_disconnected(false, rig.clock.now());
  TEST_ASSERT_EQUAL_STRING(first.c_str(), rig.device->send(rig.csms, id).c_str());
}

/// A CSMS that closes the connection instead of an answer has failed to process the message.
void message_that_makes_the_csms_close_is_dropped_after_its_attempts() {
  Simple rig;
  rig.begin();
  rig.settle_and_send_all();
  rig.device->sample(10);
  rig.tx().end(StopReason::local, "", 20, rig.clock.now());
  rig.settle();
  std::set<std::string> ids;
  int64_t none = 0;
  for (const Millis pause : {Millis{60'000}, Millis{120'000}, Millis{0}}) {
    ids.insert(rig.device->send(rig.csms, none));
    rig.tx().outbox().on_disconnected(true, rig.clock.now());
    if (pause > 0) TEST_ASSERT_EQUAL_UINT64(rig.clock.now() + pause, rig.tx().outbox().next_due());
    rig.clock.advance(pause);
  }
  TEST_ASSERT_EQUAL_size_t_MESSAGE(1, ids.size(), "each connection gets the original id");
  TEST_ASSERT_EQUAL_UINT32(1, rig.tx().dropped());
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_STRING("StopTransaction", rig.csms.messages.back().action.c_str());
}

void lost_connections_are_no_failed_attempts() {
  Simple rig;
  rig.begin();
  int64_t id = 0;
  for (int connection = 0; connection < 50; ++connection) {
    TEST_ASSERT_FALSE(rig.device->send(rig.csms, id).empty());
    rig.tx().outbox().on_disconnected(false, rig.clock.now());
  }
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_UINT32(0, rig.tx().dropped());
  TEST_ASSERT_TRUE(rig.tx().transaction_id(id));
}

void start_answer_without_transaction_id_is_a_failed_attempt() {
  Simple rig;
  rig.begin();
  int64_t id = 0;
  std::string message = rig.device->send(rig.csms, id);
  JsonError error;
  TEST_ASSERT_TRUE(
      rig.tx().outbox().on_result({message.data(), message.size()}, parse_json("{}", error), rig.clock.now()));
  TEST_ASSERT_FALSE(rig.tx().transaction_id(id));
  TEST_ASSERT_EQUAL_UINT64(rig.clock.now() + 60'000, rig.tx().outbox().next_due());
}

struct Rejection final : TransactionListener {
  std::string status;
  bool given_up = false;
  void on_start_not_accepted(Text text, Millis) override { status = str(text); }
  void on_start_given_up(Millis) override { given_up = true; }
};

void rejected_id_tag_is_reported() {
  Simple rig;
  Rejection rejection;
  rig.tx().set_listener(rejection);
  rig.begin();
  int64_t id = 0;
  std::string message = rig.device->send(rig.csms, id);
  rig.device->answer(message, id, "Blocked");
  TEST_ASSERT_EQUAL_STRING("Blocked", rejection.status.c_str());
}

/// A StartTransaction whose only attempt has had no answer: it is held.
struct Held : Simple {
  Rejection listener;
  std::string message;
  int64_t given_id = 0;

  Held() {
    tx().set_listener(listener);
    tx().set_retries({1, 1'000});
    device->set_time();
    tx().begin("TAG", 0, clock.now());
    settle();
    message = device->send(csms, given_id);
    tx().outbox().on_timeout(clock.now());
    TEST_ASSERT_TRUE(listener.given_up);
  }
  bool late_answer(const char* payload) {
    JsonError error;
    return tx().outbox().on_result({message.data(), message.size()}, parse_json(payload, error), clock.now());
  }
  /// Ends the charge and makes another one.
  void end_and_charge_again() {
    device->sample(10);
    tx().end(StopReason::other, "", 20, clock.now());
    TEST_ASSERT_TRUE(tx().begin("NEXT", 30, clock.now()));
    tx().end(StopReason::local, "", 40, clock.now());
    settle();
  }
};

void late_start_answer_after_the_charge_releases_its_stop() {
  Held rig;
  rig.end_and_charge_again();
  rig.clock.advance(Outbox::kHold - 1);
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_size_t(1, rig.csms.messages.size());
  rig.device->answer(rig.message, rig.given_id);
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_size_t(5, rig.csms.messages.size());
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_UINT32(0, rig.tx().dropped());
  TEST_ASSERT_EQUAL_size_t(0, rig.record_files());
}

void held_start_is_dropped_after_its_limit() {
  Held rig;
  rig.end_and_charge_again();
  rig.csms = Csms();
  TEST_ASSERT_EQUAL_UINT64(rig.clock.now() + Outbox::kHold, rig.tx().outbox().next_due());
  rig.clock.advance(Outbox::kHold);
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_UINT32(3, rig.tx().dropped());
  TEST_ASSERT_EQUAL_size_t(2, rig.csms.messages.size());
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_size_t(0, rig.record_files());
}

void held_start_is_resent_once_on_each_connection() {
  Held rig;
  for (int connection = 0; connection < 3; ++connection) {
    rig.clock.advance(Outbox::kHold);  // there is no limit without a connection
    rig.tx().outbox().on_disconnected(false, rig.clock.now());
    int64_t id = 0;
    TEST_ASSERT_EQUAL_STRING(rig.message.c_str(), rig.device->send(rig.csms, id).c_str());
  }
  TEST_ASSERT_EQUAL_UINT32(0, rig.tx().dropped());
  rig.tx().outbox().on_timeout(rig.clock.now());
  rig.settle_and_send_all();
  TEST_ASSERT_EQUAL_UINT32(1, rig.tx().dropped());
}

/// The CSMS answers the message from before the cut, or repeats its answer: in both cases the payload is the same.
void held_start_is_resent_unchanged_after_a_power_cut() {
  Held rig;
  rig.end_and_charge_again();
  const std::string sent = rig.csms.messages[0].payload;
  rig.boot();
  rig.csms.seen.clear();
  rig.csms.messages.clear();
  rig.device->set_time();
  rig.clock.advance(7'000);
  int64_t id = 0;
  TEST_ASSERT_EQUAL_STRING(rig.message.c_str(), rig.device->send(rig.csms, id).c_str());
  TEST_ASSERT_EQUAL_STRING(sent.c_str(), rig.csms.messages[0].payload.c_str());
  rig.device->answer(rig.message, id);
  rig.settle_and_send_all();
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_size_t(2, rig.csms.count("StopTransaction"));
}

/// A held start is not resent for ever to a CSMS that closes each connection for it.
void held_start_that_makes_the_csms_close_is_dropped_after_its_limit() {
  Held rig;
  int64_t id = 0;
  for (const Millis wait : {Outbox::kHold / 2, Outbox::kHold / 2}) {
    TEST_ASSERT_EQUAL_UINT32(0, rig.tx().dropped());
    rig.tx().outbox().on_disconnected(false, rig.clock.now());
    TEST_ASSERT_FALSE(rig.device->send(rig.csms, id).empty());
    rig.clock.advance(wait);
    rig.tx().outbox().on_disconnected(true, rig.clock.now());
  }
  TEST_ASSERT_EQUAL_UINT32(1, rig.tx().dropped());
}

void start_rejected_at_the_last_attempt_is_not_held() {
  Simple rig;
  rig.tx().set_retries({2, 1'000});
  rig.begin();
  rig.device->reject(rig.csms);
  rig.clock.advance(1'000);
  rig.device->reject(rig.csms);
  TEST_ASSERT_EQUAL_UINT32(1, rig.tx().dropped());
}

/// A charge that continues although its StartTransaction is only held: a late rejection counts with any other content
/// of the answer.
void late_rejection_of_a_held_start_counts_without_a_transaction_id() {
  for (const char* answer :
       {"{\"transactionId\":null,\"idTagInfo\":{\"status\":\"Invalid\"}}", "{\"idTagInfo\":{\"status\":\"Invalid\"}}",
        "{\"idTagInfo\":{}}", "{\"transactionId\":\"none\",\"idTagInfo\":{\"status\":\"Invalid\"}}"}) {
    Held rig;
    rig.late_answer("{}");
    TEST_ASSERT_FALSE_MESSAGE(rig.tx().rejected(), "the answer has no idTagInfo");
    rig.late_answer(answer);
    TEST_ASSERT_TRUE_MESSAGE(rig.tx().rejected(), answer);
    TEST_ASSERT_EQUAL_STRING("Invalid", rig.listener.status.c_str());
    TEST_ASSERT_TRUE_MESSAGE(rig.late_answer("{\"transactionId\":5}"), "the id is still needed");
    int64_t id = 0;
    TEST_ASSERT_TRUE(rig.tx().transaction_id(id));
  }
}

void failed_start_is_reported_for_each_cause() {
  enum { rejected, unanswered, without_id, damaged };
  for (int cause : {rejected, unanswered, without_id, damaged}) {
    Simple rig;
    Rejection listener;
    rig.tx().set_listener(listener);
    rig.tx().set_retries({1, 1'000});
    rig.device->set_time();
    rig.tx().begin("TAG", 0, rig.clock.now());
    rig.settle();
    if (cause == damaged) {
      rig.storage.files.lower_bound("tx-")->second[0] = '-';
      rig.storage.files.erase("start_copy");
    }
    int64_t none = 0;
    const std::string id = rig.device->send(rig.csms, none);
    JsonError error;
    if (cause == rejected) rig.tx().outbox().on_error({id.data(), id.size()}, "InternalError", rig.clock.now());
    if (cause == unanswered) rig.tx().outbox().on_timeout(rig.clock.now());
    if (cause == without_id) {
      rig.tx().outbox().on_result({id.data(), id.size()}, parse_json("{}", error), rig.clock.now());
    }
    TEST_ASSERT_TRUE(listener.given_up);
  }
}

}  // namespace

void run_queue_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(whole_charge_is_sent_in_order_and_leaves_no_files);
  RUN_TEST(nothing_is_sent_before_it_is_saved);
  RUN_TEST(message_waits_while_a_storage_job_runs);
  RUN_TEST(message_is_dropped_after_three_attempts_and_the_queue_continues);
  RUN_TEST(late_answer_counts_and_a_second_one_is_ignored);
  RUN_TEST(late_rejection_is_counted_once);
  RUN_TEST(late_rejection_does_not_end_the_next_attempt);
  RUN_TEST(original_id_is_used_on_the_next_connection);
  RUN_TEST(message_that_makes_the_csms_close_is_dropped_after_its_attempts);
  RUN_TEST(lost_connections_are_no_failed_attempts);
  RUN_TEST(start_answer_without_transaction_id_is_a_failed_attempt);
  RUN_TEST(rejected_id_tag_is_reported);
  RUN_TEST(late_start_answer_after_the_charge_releases_its_stop);
  RUN_TEST(held_start_is_dropped_after_its_limit);
  RUN_TEST(held_start_is_resent_once_on_each_connection);
  RUN_TEST(held_start_is_resent_unchanged_after_a_power_cut);
  RUN_TEST(held_start_that_makes_the_csms_close_is_dropped_after_its_limit);
  RUN_TEST(start_rejected_at_the_last_attempt_is_not_held);
  RUN_TEST(late_rejection_of_a_held_start_counts_without_a_transaction_id);
  RUN_TEST(failed_start_is_reported_for_each_cause);
}
