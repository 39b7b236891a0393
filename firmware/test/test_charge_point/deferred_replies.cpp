#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

constexpr const char* kAccepted = "{\"status\":\"Accepted\",\"interval\":300,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
constexpr const char* kTagAccepted = "{\"idTagInfo\":{\"status\":\"Accepted\",\"parentIdTag\":\"GROUP\"}}";

/// Answers the last request of the action only now.
void answer_now(Rig& rig, const char* action, const std::string& payload) {
  rig.peer.send("[3,\"" + rig.ids[action] + "\"," + payload + "]");
  rig.settle();
}

void boot_answered_after_its_time_is_accepted() {
  for (const unsigned delay : {30'000U, 30'001U, 32'000U, 45'000U, 59'999U}) {
    Rig rig;
    rig.answers["BootNotification"] = "";
    rig.pass(delay);
    rig.assert_story("BootNotification");
    answer_now(rig, "BootNotification", kAccepted);
    rig.assert_story("0:Available 1:Available");
    rig.pass(120'000);
    rig.assert_story("");
  }
}

void boot_answered_after_the_next_one_was_sent_is_accepted() {
  Rig rig;
  rig.answers["BootNotification"] = "";
  rig.settle();
  const std::string first = rig.ids["BootNotification"];
  rig.pass(Messenger::kCallTimeout + ChargePoint::kBootRetry);
  rig.assert_story("BootNotification BootNotification");
  rig.ids["BootNotification"] = first;
  answer_now(rig, "BootNotification", kAccepted);
  rig.pass(Messenger::kCallTimeout);  // the second one is still unanswered: one at a time
  rig.assert_story("0:Available 1:Available");
}

void boot_pending_after_its_time_sets_the_next_attempt() {
  Rig rig;
  rig.answers["BootNotification"] = "";
  rig.pass(32'000);
  answer_now(rig, "BootNotification",
             "{\"status\":\"Pending\",\"interval\":100,\"currentTime\":\"2024-05-01T12:00:00Z\"}");
  rig.story();
  rig.pass(99'999);
  rig.assert_story("");
  rig.pass(1);
  rig.assert_story("BootNotification");
}

// The CSMS has changed its mind since.
void late_boot_answer_is_void_when_a_later_one_was_answered() {
  Rig rig;
  rig.answers["BootNotification"] = "";
  rig.settle();
  const std::string first = rig.ids["BootNotification"];
  rig.answers["BootNotification"] =
      "{\"status\":\"Rejected\",\"interval\":1000,\"currentTime\":\"2024-05-01T12:00:00Z\"}";
  rig.pass(Messenger::kCallTimeout + ChargePoint::kBootRetry);
  rig.assert_story("BootNotification BootNotification");
  rig.ids["BootNotification"] = first;
  answer_now(rig, "BootNotification", kAccepted);
  rig.assert_story("");
}

void status_answered_after_its_time_is_not_told_again() {
  Rig rig;
  rig.settle();
  rig.set("ConnectionTimeOut", "3600");
  rig.answers["StatusNotification"] = "";
  rig.story();
  rig.drive(pins::kCable, true);
  rig.pass(Messenger::kCallTimeout + 2'000);
  answer_now(rig, "StatusNotification", "{}");
  rig.answers.clear();
  rig.pass(2 * ChargePoint::kResendFirst);
  rig.assert_story("1:Preparing");
}

void heartbeat_answered_after_its_time_sets_the_clock() {
  Rig rig;
  rig.settle();
  rig.answers["Heartbeat"] = "";
  rig.pass(300'000 + 32'000);
  answer_now(rig, "Heartbeat", "{\"currentTime\":\"2024-05-01T14:00:00Z\"}");
  rig.drive(pins::kCable, true);
  assert_is("2024-05-01T14:00:00.000Z", rig.last("StatusNotification", "timestamp"));
}

/// A driver at the plugged-in connector who has got no answer for 32 s.
struct TurnedAway : Rig {
  TurnedAway() {
    settle();
    drive(pins::kCable, true);
    answers["Authorize"] = "";
    press();
    pass(32'000);
    story();
  }
};

void idtag_accepted_after_its_time_charges() {
  TurnedAway rig;
  answer_now(rig, "Authorize", kTagAccepted);
  assert_is("LOCAL", rig.last("StartTransaction", "idTag"));
}

void idtag_accepted_when_the_driver_may_be_gone_does_not_charge() {
  TurnedAway too_late;
  too_late.pass(28'000);
  answer_now(too_late, "Authorize", kTagAccepted);
  assert_is("never heard", too_late.last("StartTransaction", "idTag"));
  TurnedAway unplugged;
  unplugged.drive(pins::kCable, false);
  unplugged.drive(pins::kCable, true);
  answer_now(unplugged, "Authorize", kTagAccepted);
  assert_is("never heard", unplugged.last("StartTransaction", "idTag"));
  TurnedAway refused;
  answer_now(refused, "Authorize", "{\"idTagInfo\":{\"status\":\"Blocked\"}}");
  assert_is("never heard", refused.last("StartTransaction", "idTag"));
}

void late_answer_is_void_when_an_idtag_was_presented_since() {
  TurnedAway rig;
  const std::string first = rig.ids["Authorize"];
  rig.press();
  rig.ids["Authorize"] = first;
  answer_now(rig, "Authorize", kTagAccepted);
  rig.assert_story("Authorize");
}

/// A charge whose StartTransaction, the only attempt, has had no answer for 32 s, and which goes on all the same.
struct Unanswered : Rig {
  Unanswered() {
    settle();
    set("TransactionMessageAttempts", "1");
    set("stop_transaction_on_start_given_up", "false");
    answers["StartTransaction"] = "";
    drive(pins::kCable, true);
    press();
    pass(32'000);
    story();
  }
};

void start_answered_after_it_was_given_up_gives_the_transaction_its_id() {
  Unanswered rig;
  answer_now(rig, "StartTransaction", "{\"idTagInfo\":{\"status\":\"Accepted\"},\"transactionId\":77}");
  assert_is(status_answer("Accepted").c_str(), rig.ask("RemoteStopTransaction", "{\"transactionId\":77}"));
  rig.settle();
  assert_is("77", rig.last("StopTransaction", "transactionId"));
}

void start_answered_after_its_charge_has_ended_gets_its_stop() {
  Unanswered rig;
  rig.drive(pins::kCable, false);
  rig.pass(60'000);
  answer_now(rig, "StartTransaction", "{\"idTagInfo\":{\"status\":\"Accepted\"},\"transactionId\":79}");
  assert_is("79", rig.last("StopTransaction", "transactionId"));
}

void start_refused_after_it_was_given_up_ends_the_charge() {
  Unanswered rig;
  answer_now(rig, "StartTransaction", "{\"idTagInfo\":{\"status\":\"Blocked\"},\"transactionId\":78}");
  rig.pass(1'000);
  assert_is("DeAuthorized", rig.last("StopTransaction", "reason"));
}

void start_without_an_answer_is_given_up_and_its_stop_with_it() {
  Unanswered rig;
  rig.drive(pins::kCable, false);
  rig.pass(1'000);
  answer_now(rig, "StartTransaction", "{\"idTagInfo\":{\"status\":\"Accepted\"}}");  // no id
  assert_is("never heard", rig.last("StopTransaction", "transactionId"));
}

void late_answer_to_a_transfer_ends_no_other_one() {
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
  RUN_TEST(boot_answered_after_its_time_is_accepted);
  RUN_TEST(boot_answered_after_the_next_one_was_sent_is_accepted);
  RUN_TEST(boot_pending_after_its_time_sets_the_next_attempt);
  RUN_TEST(late_boot_answer_is_void_when_a_later_one_was_answered);
  RUN_TEST(status_answered_after_its_time_is_not_told_again);
  RUN_TEST(heartbeat_answered_after_its_time_sets_the_clock);
  RUN_TEST(idtag_accepted_after_its_time_charges);
  RUN_TEST(idtag_accepted_when_the_driver_may_be_gone_does_not_charge);
  RUN_TEST(late_answer_is_void_when_an_idtag_was_presented_since);
  RUN_TEST(start_answered_after_it_was_given_up_gives_the_transaction_its_id);
  RUN_TEST(start_answered_after_its_charge_has_ended_gets_its_stop);
  RUN_TEST(start_refused_after_it_was_given_up_ends_the_charge);
  RUN_TEST(start_without_an_answer_is_given_up_and_its_stop_with_it);
  RUN_TEST(late_answer_to_a_transfer_ends_no_other_one);
}
