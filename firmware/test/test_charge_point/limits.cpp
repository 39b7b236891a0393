// OCPP limits count characters. Beyond a limit of this charge point the answer names it.
#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

std::string times(size_t count, const char* text) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

constexpr const char* kTwoBytes = "\xc3\xa4";
constexpr const char* kFourBytes = "\xf0\x9f\x94\x8c";
constexpr const char* kEscaped = "\\ud83d\\udd0c";  // one character of four bytes

void limits_count_characters() {
  struct Case {
    const char* action;
    const char* before;  // the payload around the long text
    const char* after;
    size_t most;
    const char* good;
  };
  const Case cases[] = {
      {"RemoteStartTransaction", "{\"idTag\":\"", "\"}", 20, "Accepted"},
      {"ChangeConfiguration", "{\"value\":\"1\",\"key\":\"", "\"}", 50, "NotSupported"},
      {"ChangeConfiguration", "{\"key\":\"HeartbeatInterval\",\"value\":\"", "\"}", 500, "Rejected"},
      {"DataTransfer", "{\"vendorId\":\"", "\"}", 255, "UnknownVendorId"},
      {"DataTransfer", "{\"vendorId\":\"Plugbench\",\"messageId\":\"", "\"}", 50, "UnknownMessageId"},
      {"GetConfiguration", "{\"key\":[\"", "\"]}", 50, "unknownKey"},
  };
  for (const Case& c : cases) {
    for (const char* character : {"x", kTwoBytes, kFourBytes, kEscaped}) {
      Rig rig;
      rig.settle();
      check_contains(c.good, rig.ask(c.action, c.before + times(c.most, character) + c.after));
      check_contains("PropertyConstraintViolation",
                     rig.ask(c.action, c.before + times(c.most + 1, character) + c.after));
    }
  }
}

void an_id_tag_of_many_bytes_is_sent_whole() {
  const std::string id_tag = times(20, kFourBytes);
  Rig rig;
  rig.set("local_id_tag", id_tag);
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.answers["StartTransaction"] = "";
  rig.press();
  const auto sent = [&rig](const char* action) {
    for (const auto& one : rig.received) {
      if (one.first == action) return one.second;
    }
    return std::string();
  };
  check_contains("\"idTag\":\"" + id_tag + "\"", sent("Authorize"));
  check_contains("\"idTag\":\"" + id_tag + "\"", sent("StartTransaction"));
  rig.cut_power_before_flash();  // resent from the file, too
  rig.answers.clear();
  rig.settle();
  check_contains("\"idTag\":\"" + id_tag + "\"", sent("StartTransaction"));
}

void a_message_id_of_many_bytes_is_repeated_in_the_answer() {
  Rig rig;
  rig.settle();
  for (const char* character : {"x", kTwoBytes, kFourBytes}) {
    const std::string id = times(kMaxMessageId, character);
    rig.received.clear();
    rig.peer.send("[2,\"" + id + "\",\"ClearCache\",{}]");
    rig.settle();
    assert_is(("[3,\"" + id + "\",{\"status\":\"Rejected\"}]").c_str(), rig.last_answer());
    rig.received.clear();
    rig.peer.send("[2,\"" + id + character + "\",\"ClearCache\",{}]");
    rig.settle();
    assert_is("none", rig.last_answer());
  }
}

void an_identity_with_a_blank_connects() {
  Rig rig;
  rig.set("identity", "RDAM 123");
  rig.boot();
  while (rig.tcp.last == Tcp::kNoSocket || rig.tcp.peer().sent.empty()) {
    rig.app->run_once();
    if (rig.tcp.last != Tcp::kNoSocket) rig.peer.accept_tcp();
    if (rig.network.state() == NetworkState::associating) rig.network.become(NetworkState::up);
  }
  check_contains("GET /ocpp/RDAM%20123 HTTP/1.1\r\n", rig.tcp.peer().sent);
}

void a_long_list_gets_an_answer() {
  Rig rig;
  rig.settle();
  std::string list;
  for (int i = 0; i < 100; ++i) {
    list += std::string(i > 0 ? "," : "") + "{\"idTag\":\"" + times(20, "\\u00e4") +
            "\",\"idTagInfo\":{\"status\":\"Accepted\"}}";
  }
  rig.received.clear();
  rig.peer.send("[2,\"long\",\"SendLocalList\",{\"listVersion\":1,\"localAuthorizationList\":[" + list +
                "],\"updateType\":\"Full\"}]");
  rig.pass(0);
  assert_is("[4,\"long\",\"InternalError\",\"the message is longer than ws_message_bytes\",{}]", rig.last_answer());
  TEST_ASSERT_TRUE(rig.connected);
}

/// More requests than can be deferred: the last one gets InternalError, which does not blame the request.
void a_request_beyond_the_deferred_ones_gets_an_error_to_retry() {
  struct Case {
    const char* action;
    const char* payload;
  };
  const Case cases[] = {
      {"ChangeConfiguration", "{\"key\":\"HeartbeatInterval\",\"value\":\"60\"}"},
      {"ChangeConfiguration", "{\"key\":\"AuthorizationKey\",\"value\":\"000102030405060708090a0b0c0d0e0f\"}"},
      {"ChangeAvailability", "{\"connectorId\":1,\"type\":\"Inoperative\"}"},
      {"ClearCache", "{}"},
      {"UnlockConnector", "{\"connectorId\":1}"},
  };
  for (const Case& c : cases) {
    Rig rig;
    rig.set("AuthorizationCacheEnabled", "true");
    rig.settle();
    rig.worker.hold = true;
    for (size_t i = 0; i < DeferredReplies::kMax; ++i) assert_is("", change(rig, "MeterValueSampleInterval", "7"));
    check_contains("[4,\"q\",\"InternalError\",\"too many requests are pending", rig.ask(c.action, c.payload));
    rig.worker.hold = false;
    rig.received.clear();
    rig.settle();
    TEST_ASSERT_EQUAL_size_t(DeferredReplies::kMax, rig.received.size());
    check_contains("[3,", rig.ask(c.action, c.payload));
  }
}

/// The end of a charge does not need a free place, and Accepted means that it is on flash.
void a_remote_stop_has_a_reserved_place_and_is_accepted_when_durable() {
  Rig rig;
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.worker.hold = true;
  for (size_t i = 0; i < DeferredReplies::kMax; ++i) assert_is("", change(rig, "MeterValueSampleInterval", "7"));
  assert_is("", rig.ask("RemoteStopTransaction", "{\"transactionId\":100}"));
  check_contains("InternalError", rig.ask("RemoteStopTransaction", "{\"transactionId\":100}"));
  rig.worker.hold = false;
  rig.settle();
  assert_is(status_answer("Accepted").c_str(), rig.last_answer());
  assert_is("Remote", rig.last("StopTransaction", "reason"));
}

void a_second_unlock_during_the_first_gets_an_error_to_retry() {
  Rig rig;
  rig.settle();
  rig.gpio.drive(pins::kLockFeedback, true);
  rig.settle();
  assert_is("", rig.ask("UnlockConnector", "{\"connectorId\":1}"));
  check_contains("InternalError", rig.ask("UnlockConnector", "{\"connectorId\":1}"));
  rig.drive(pins::kLockFeedback, false);
  assert_is(status_answer("Unlocked").c_str(), rig.last_answer());
}

void a_second_clear_of_the_cache_during_the_first_gets_an_error_to_retry() {
  Rig rig;
  rig.set("AuthorizationCacheEnabled", "true");
  rig.settle();
  rig.worker.hold = true;
  assert_is("", rig.ask("ClearCache", "{}"));
  check_contains("InternalError", rig.ask("ClearCache", "{}"));
  rig.worker.hold = false;
  rig.settle();
  assert_is(status_answer("Accepted").c_str(), rig.last_answer());
  assert_is(status_answer("Accepted").c_str(), rig.ask("ClearCache", "{}"));
}

/// The storage accepts no more jobs, although the value is valid.
/// On a chip an erase blocks the storage for up to 400 ms, and a CSMS need not retry.
void a_change_waits_until_the_storage_can_accept_it() {
  const std::string inoperative = "{\"connectorId\":1,\"type\":\"Inoperative\"}";
  Rig rig;
  rig.settle();
  rig.worker.full = true;
  assert_is("", rig.ask("ChangeAvailability", inoperative));
  rig.pass(CsmsRequests::kChangePause);
  assert_is("none", rig.last_answer());
  // One change waits. The next one gets an error, which allows the CSMS to retry.
  check_contains("[4,\"q\",\"InternalError\",",
                 rig.ask("ChangeConfiguration", "{\"key\":\"HeartbeatInterval\",\"value\":\"60\"}"));
  rig.worker.full = false;
  rig.received.clear();
  rig.pass(CsmsRequests::kChangePause);
  assert_is(status_answer("Accepted").c_str(), rig.last_answer());
  assert_is("Accepted", change(rig, "HeartbeatInterval", "60"));
  rig.app.reset();
  rig.boot();
  rig.settle();
  assert_is("Unavailable", rig.last("StatusNotification", "status"));
}

void a_change_that_the_storage_does_not_accept_in_time_is_rejected() {
  Rig rig;
  rig.settle();
  rig.worker.full = true;
  assert_is("", rig.ask("ChangeConfiguration", "{\"key\":\"HeartbeatInterval\",\"value\":\"60\"}"));
  rig.pass(CsmsRequests::kSaveLimit - 1);
  assert_is("none", rig.last_answer());
  rig.pass(1 + CsmsRequests::kChangePause);
  assert_is(status_answer("Rejected").c_str(), rig.last_answer());
  rig.worker.full = false;
  assert_is("Accepted", change(rig, "HeartbeatInterval", "60"));
}

void reset_waits_until_its_answer_has_arrived() {
  for (const char* type : {"Soft", "Hard"}) {
    Rig rig;
    rig.settle();
    rig.tcp.peer().acknowledges = false;
    rig.ask("Reset", std::string("{\"type\":\"") + type + "\"}");
    rig.pass(ChargePoint::kHardResetLimit - 100);
    TEST_ASSERT_FALSE(rig.app->restart_requested());
    rig.tcp.peer().acknowledges = true;
    rig.pass(2'000);
    TEST_ASSERT_TRUE(rig.app->restart_requested());
  }
}

void reset_without_a_delivered_answer_restarts_after_its_limit() {
  Rig rig;
  rig.settle();
  rig.tcp.peer().window = 0;
  rig.peer.send("[2,\"q\",\"Reset\",{\"type\":\"Hard\"}]");
  rig.pass(ChargePoint::kHardResetLimit - 100);
  TEST_ASSERT_FALSE(rig.app->restart_requested());
  rig.pass(2'000);
  TEST_ASSERT_TRUE(rig.app->restart_requested());
}

}  // namespace

void run_limits_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(limits_count_characters);
  RUN_TEST(an_id_tag_of_many_bytes_is_sent_whole);
  RUN_TEST(a_message_id_of_many_bytes_is_repeated_in_the_answer);
  RUN_TEST(an_identity_with_a_blank_connects);
  RUN_TEST(a_long_list_gets_an_answer);
  RUN_TEST(a_request_beyond_the_deferred_ones_gets_an_error_to_retry);
  RUN_TEST(a_remote_stop_has_a_reserved_place_and_is_accepted_when_durable);
  RUN_TEST(a_second_unlock_during_the_first_gets_an_error_to_retry);
  RUN_TEST(a_change_waits_until_the_storage_can_accept_it);
  RUN_TEST(a_change_that_the_storage_does_not_accept_in_time_is_rejected);
  RUN_TEST(reset_waits_until_its_answer_has_arrived);
  RUN_TEST(reset_without_a_delivered_answer_restarts_after_its_limit);
  RUN_TEST(a_second_clear_of_the_cache_during_the_first_gets_an_error_to_retry);
}
