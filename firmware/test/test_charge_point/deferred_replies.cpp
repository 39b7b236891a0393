#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

constexpr const char* kAccepted = "{\"status\":\"Accepted\",\"interval\":300,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
constexpr const char* kTagAccepted = "{\"idTagInfo\":{\"status\":\"Accepted\",\"parentIdTag\":\"GROUP\"}}";

/// Answers the last request of the action now.
void answer_now(Rig& rig, const char* action, const std::string& payload) {
  rig.peer.send("[3,\"" + rig.ids[action] + "\"," + payload + "]");
  rig.settle();
}

void late_boot_answer_is_accepted() {
  for (const unsigned delay : {30'000U, 30'001U, 32'000U, 45'000U, 59'999U}) {
    Rig rig;
    rig.answers["BootNotification"] = "";
    rig.pass(delay);
    rig.assert_sequence("BootNotification");
    answer_now(rig, "BootNotification", kAccepted);
    rig.assert_sequence("0:Available 1:Available");
    rig.pass(120'000);
    rig.assert_sequence("");
  }
}

void late_boot_answer_after_the_next_request_is_accepted() {
  Rig rig;
  rig.answers["BootNotification"] = "";
  rig.settle();
  const std::string first = rig.ids["BootNotification"];
  rig.pass(Messenger::kCallTimeout + ChargePoint::kBootRetry);
  rig.assert_sequence("BootNotification BootNotification");
  rig.ids["BootNotification"] = first;
  answer_now(rig, "BootNotification", kAccepted);
  rig.pass(Messenger::kCallTimeout);  // the second one is still in flight
  rig.assert_sequence("0:Available 1:Available");
}

void late_pending_sets_the_next_attempt() {
  Rig rig;
  rig.answers["BootNotification"] = "";
  rig.pass(32'000);
  answer_now(rig, "BootNotification",
             "{\"status\":\"Pending\",\"interval\":100,\"currentTime\":\"2024-05-01T12:00:00Z\"}");
  rig.sequence();
  rig.pass(99'999);
  rig.assert_sequence("");
  rig.pass(1);
  rig.assert_sequence("BootNotification");
}

// The CSMS has changed its decision since.
void late_boot_answer_is_ignored_after_a_later_one() {
  Rig rig;
  rig.answers["BootNotification"] = "";
  rig.settle();
  const std::string first = rig.ids["BootNotification"];
  rig.answers["BootNotification"] =
      "{\"status\":\"Rejected\",\"interval\":1000,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.pass(Messenger::kCallTimeout + ChargePoint::kBootRetry);
  rig.assert_sequence("BootNotification BootNotification");
  rig.ids["BootNotification"] = first;
  answer_now(rig, "BootNotification", kAccepted);
  rig.assert_sequence("");
}

void status_with_a_late_answer_is_not_resent() {
  Rig rig;
  rig.settle();
  rig.set("ConnectionTimeOut", "3600");
  rig.answers["StatusNotification"] = "";
  rig.sequence();
  rig.drive(pins::kCable, true);
  rig.pass(Messenger::kCallTimeout + 2'000);
  answer_now(rig, "StatusNotification", "{}");
  rig.answers.clear();
  rig.pass(2 * ChargePoint::kResendFirst);
  rig.assert_sequence("1:Preparing");
}

void late_heartbeat_answer_sets_the_clock() {
  Rig rig;
  rig.settle();
  rig.answers["Heartbeat"] = "";
  rig.pass(300'000 + 32'000);
  answer_now(rig, "Heartbeat", "{\"currentTime\":\"2024-05-01T14:00:00Z\"}");
  rig.drive(pins::kCable, true);
  assert_is("2024-05-01T14:00:00.000Z", rig.last("StatusNotification", "timestamp"));
}

/// A driver with a plugged cable whose Authorize has had no answer for 32 s.
struct TimedOut : Rig {
  TimedOut() {
    settle();
    drive(pins::kCable, true);
    answers["Authorize"] = "";
    press();
    pass(32'000);
    sequence();
  }
};

void late_accepted_id_tag_charges() {
  TimedOut rig;
  answer_now(rig, "Authorize", kTagAccepted);
  assert_is("LOCAL", rig.last("StartTransaction", "idTag"));
}

void id_tag_accepted_after_connection_time_out_does_not_charge() {
  TimedOut too_late;
  too_late.pass(28'000);
  answer_now(too_late, "Authorize", kTagAccepted);
  assert_is("never received", too_late.last("StartTransaction", "idTag"));
  TimedOut unplugged;
  unplugged.drive(pins::kCable, false);
  unplugged.drive(pins::kCable, true);
  answer_now(unplugged, "Authorize", kTagAccepted);
  assert_is("never received", unplugged.last("StartTransaction", "idTag"));
  TimedOut rejected;
  answer_now(rejected, "Authorize", "{\"idTagInfo\":{\"status\":\"Blocked\"}}");
  assert_is("never received", rejected.last("StartTransaction", "idTag"));
}

void late_answer_is_ignored_after_another_id_tag() {
  TimedOut rig;
  const std::string first = rig.ids["Authorize"];
  rig.press();
  rig.ids["Authorize"] = first;
  answer_now(rig, "Authorize", kTagAccepted);
  rig.assert_sequence("Authorize");
}

/// A charge whose only StartTransaction has had no answer for 32 s, and which continues.
struct Unanswered : Rig {
  Unanswered() {
    settle();
    set("TransactionMessageAttempts", "1");
    set("stop_transaction_on_start_given_up", "false");
    answers["StartTransaction"] = "";
    drive(pins::kCable, true);
    press();
    pass(32'000);
    sequence();
  }
};

void late_start_answer_sets_the_transaction_id() {
  Unanswered rig;
  answer_now(rig, "StartTransaction", "{\"idTagInfo\":{\"status\":\"Accepted\"},\"transactionId\":77}");
  assert_is(status_answer("Accepted").c_str(), rig.ask("RemoteStopTransaction", "{\"transactionId\":77}"));
  rig.settle();
  assert_is("77", rig.last("StopTransaction", "transactionId"));
}

void late_start_answer_after_the_charge_is_followed_by_the_stop() {
  Unanswered rig;
  rig.drive(pins::kCable, false);
  rig.pass(60'000);
  answer_now(rig, "StartTransaction", "{\"idTagInfo\":{\"status\":\"Accepted\"},\"transactionId\":79}");
  assert_is("79", rig.last("StopTransaction", "transactionId"));
}

void late_start_rejection_ends_the_charge() {
  Unanswered rig;
  answer_now(rig, "StartTransaction", "{\"idTagInfo\":{\"status\":\"Blocked\"},\"transactionId\":78}");
  rig.pass(1'000);
  assert_is("DeAuthorized", rig.last("StopTransaction", "reason"));
}

void start_without_an_answer_is_dropped_with_its_stop() {
  Unanswered rig;
  rig.drive(pins::kCable, false);
  rig.pass(1'000);
  answer_now(rig, "StartTransaction", "{\"idTagInfo\":{\"status\":\"Accepted\"}}");  // no id
  assert_is("never received", rig.last("StopTransaction", "transactionId"));
}

std::string transaction(int id) {
  return "{\"idTagInfo\":{\"status\":\"Accepted\"},\"transactionId\":" + std::to_string(id) + "}";
}

/// A charge whose StartTransaction was sent twice on one connection, and is not answered yet.
struct SentTwice : Rig {
  std::string attempts[2];
  SentTwice() {
    settle();
    for (int i = 0; i < 5; ++i) gpio.pulse(pins::kMeterPulse);
    answers["StartTransaction"] = "";
    drive(pins::kCable, true);
    press();
    attempts[0] = ids["StartTransaction"];
    pass(Messenger::kCallTimeout + 60'000);  // TransactionMessageRetryInterval, the default
    attempts[1] = ids["StartTransaction"];
    gpio.pulse(pins::kMeterPulse);
    settle();
  }
  void answer(const std::string& id, const std::string& payload) {
    peer.send("[3,\"" + id + "\"," + payload + "]");
    settle();
  }
};

/// The CSMS has not recognized the second attempt. The charge is reported once, whichever answer comes first.
void second_transaction_of_a_charge_is_ended_without_energy() {
  for (const int first : {0, 1}) {
    SentTwice rig;
    const std::string started = rig.last("StartTransaction", "timestamp");
    rig.answer(rig.attempts[first], transaction(77));
    assert_is("never received", rig.last("StopTransaction", "transactionId"));
    rig.answer(rig.attempts[1 - first], transaction(78));
    assert_is("78", rig.last("StopTransaction", "transactionId"));
    assert_is("5", rig.last("StopTransaction", "meterStop"));
    assert_is(started.c_str(), rig.last("StopTransaction", "timestamp"));
    assert_is("Other", rig.last("StopTransaction", "reason"));
    rig.sequence();
    for (const int id : {77, 78}) rig.answer(rig.attempts[first], transaction(id));
    rig.assert_sequence("");
    rig.press();
    assert_is("77", rig.last("StopTransaction", "transactionId"));
    assert_is("6", rig.last("StopTransaction", "meterStop"));
  }
}

void second_answer_with_the_same_transaction_id_changes_nothing() {
  SentTwice rig;
  rig.answer(rig.attempts[0], transaction(77));
  rig.sequence();
  rig.answer(rig.attempts[1], transaction(77));
  rig.answer(rig.attempts[1], "{\"idTagInfo\":{\"status\":\"ConcurrentTx\"}}");
  rig.assert_sequence("");
  assert_is("77", console_status(rig, "transaction"));
}

/// The next charge waits behind the StartTransaction: its start is in flight when the last answer comes.
void transaction_of_a_dropped_start_is_ended_without_energy() {
  SentTwice rig;
  rig.drive(pins::kCable, false);
  rig.drive(pins::kCable, true);
  rig.press();
  rig.pass(2 * Messenger::kCallTimeout + 120'000 + Outbox::kHold);
  assert_is("never received", rig.last("StopTransaction", "transactionId"));
  const std::string next = rig.ids["StartTransaction"];
  rig.answer(rig.attempts[1], transaction(78));
  assert_is("never received", rig.last("StopTransaction", "transactionId"));  // one request is in flight at a time
  rig.answer(next, transaction(79));
  assert_is("78", rig.last("StopTransaction", "transactionId"));
  assert_is("79", console_status(rig, "transaction"));
}

void stop_of_a_surplus_transaction_that_fails_is_logged() {
  SentTwice rig;
  rig.answer(rig.attempts[0], transaction(77));
  rig.answers["StopTransaction"] = "Error InternalError";
  rig.answer(rig.attempts[1], transaction(78));
  TEST_ASSERT_TRUE(rig.uart.wrote("end the surplus transaction in the CSMS"));
}

void late_answer_to_a_transfer_does_not_end_the_next_one() {
  Rig rig;
  rig.settle();
  rig.answers["DataTransfer"] = "";
  rig.uart.type("transfer org.example One\r\n");
  rig.pass(32'000);
  const std::string first = rig.ids["DataTransfer"];
  rig.uart.type("transfer org.example Two\r\n");
  rig.settle();
  rig.uart.take();
  rig.ids["DataTransfer"] = first;
  answer_now(rig, "DataTransfer", "{\"status\":\"Accepted\",\"data\":\"one\"}");
  TEST_ASSERT_FALSE(rig.uart.wrote("one\""));
}

}  // namespace

void run_deferred_replies_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(late_boot_answer_is_accepted);
  RUN_TEST(late_boot_answer_after_the_next_request_is_accepted);
  RUN_TEST(late_pending_sets_the_next_attempt);
  RUN_TEST(late_boot_answer_is_ignored_after_a_later_one);
  RUN_TEST(status_with_a_late_answer_is_not_resent);
  RUN_TEST(late_heartbeat_answer_sets_the_clock);
  RUN_TEST(late_accepted_id_tag_charges);
  RUN_TEST(id_tag_accepted_after_connection_time_out_does_not_charge);
  RUN_TEST(late_answer_is_ignored_after_another_id_tag);
  RUN_TEST(late_start_answer_sets_the_transaction_id);
  RUN_TEST(late_start_answer_after_the_charge_is_followed_by_the_stop);
  RUN_TEST(late_start_rejection_ends_the_charge);
  RUN_TEST(start_without_an_answer_is_dropped_with_its_stop);
  RUN_TEST(second_transaction_of_a_charge_is_ended_without_energy);
  RUN_TEST(second_answer_with_the_same_transaction_id_changes_nothing);
  RUN_TEST(transaction_of_a_dropped_start_is_ended_without_energy);
  RUN_TEST(stop_of_a_surplus_transaction_that_fails_is_logged);
  RUN_TEST(late_answer_to_a_transfer_does_not_end_the_next_one);
}
