#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

void bad_requests_get_the_code_of_their_error() {
  Rig rig;
  rig.settle();
  struct Case {
    const char* action;
    const char* payload;
    const char* code;
  };
  const std::string long_key = "{\"key\":\"" + std::string(51, 'k') + "\",\"value\":\"60\"}";
  const std::string long_value = "{\"key\":\"HeartbeatInterval\",\"value\":\"" + std::string(501, '6') + "\"}";
  const std::string long_vendor = "{\"vendorId\":\"" + std::string(256, 'v') + "\"}";
  const std::string long_message = "{\"vendorId\":\"Plugbench\",\"messageId\":\"" + std::string(51, 'm') + "\"}";
  const Case cases[] = {
      {"Nothing", "{}", "NotImplemented"},
      {"GetDiagnostics", "{}", "NotSupported"},
      {"SetChargingProfile", "{}", "NotSupported"},
      {"Reset", "{}", "OccurenceConstraintViolation"},
      {"Reset", "{\"type\":5}", "TypeConstraintViolation"},
      {"Reset", "{\"type\":\"Warm\"}", "PropertyConstraintViolation"},
      {"Reset", "{\"type\":\"soft\"}", "PropertyConstraintViolation"},
      {"RemoteStartTransaction", "{\"idTag\":\"123456789012345678901\"}", "PropertyConstraintViolation"},
      {"RemoteStartTransaction", "{\"idTag\":\"A\",\"connectorId\":1.5}", "TypeConstraintViolation"},
      {"RemoteStopTransaction", "{\"transactionId\":\"1\"}", "TypeConstraintViolation"},
      {"RemoteStopTransaction", "{\"transactionId\":1,\"reason\":\"Local\"}", "FormationViolation"},
      {"ClearCache", "{\"all\":true}", "FormationViolation"},
      {"Reset", "{\"type\":\"Soft\",\"type\":\"Hard\"}", "FormationViolation"},
      {"ChangeAvailability", "{\"connectorId\":1}", "OccurenceConstraintViolation"},
      {"ChangeAvailability", "{\"connectorId\":1,\"type\":\"Broken\"}", "PropertyConstraintViolation"},
      {"ChangeConfiguration", "{\"key\":\"HeartbeatInterval\",\"value\":60}", "TypeConstraintViolation"},
      {"ChangeConfiguration", "{\"key\":\"HeartbeatInterval\"}", "OccurenceConstraintViolation"},
      {"GetConfiguration", "{\"key\":\"HeartbeatInterval\"}", "TypeConstraintViolation"},
      {"GetConfiguration", "{\"key\":[5]}", "TypeConstraintViolation"},
      {"GetConfiguration", "{\"keys\":[]}", "FormationViolation"},
      {"TriggerMessage", "{\"requestedMessage\":\"Authorize\"}", "PropertyConstraintViolation"},
      {"TriggerMessage", "{\"requestedMessage\":\"Heartbeat\",\"connectorId\":\"1\"}", "TypeConstraintViolation"},
      {"UnlockConnector", "{}", "OccurenceConstraintViolation"},
      {"DataTransfer", "{\"data\":\"x\"}", "OccurenceConstraintViolation"},
      {"DataTransfer", "{\"vendorId\":\"Plugbench\",\"messageId\":\"Echo\",\"data\":{}}", "TypeConstraintViolation"},
      {"RemoteStartTransaction", "{\"idTag\":\"A\",\"chargingProfile\":{}}", "OccurenceConstraintViolation"},
      {"Reset", "{\"type\":null}", "TypeConstraintViolation"},
      {"RemoteStartTransaction", "{}", "OccurenceConstraintViolation"},
      {"RemoteStartTransaction", "{\"idTag\":7}", "TypeConstraintViolation"},
      {"RemoteStartTransaction", "{\"idTag\":\"X\",\"connectorId\":\"1\"}", "TypeConstraintViolation"},
      {"RemoteStopTransaction", "{\"transactionId\":1.5}", "TypeConstraintViolation"},
      {"ChangeAvailability", "{\"connectorId\":\"1\",\"type\":\"Operative\"}", "TypeConstraintViolation"},
      {"ChangeAvailability", "{\"connectorId\":1,\"type\":\"Operative\",\"now\":true}", "FormationViolation"},
      {"ChangeConfiguration", "{\"key\":\"HeartbeatInterval\",\"value\":\"60\",\"reboot\":true}", "FormationViolation"},
      {"TriggerMessage", "{}", "OccurenceConstraintViolation"},
      {"TriggerMessage", "{\"requestedMessage\":1}", "TypeConstraintViolation"},
      {"TriggerMessage", "{\"requestedMessage\":\"Heartbeat\",\"soon\":true}", "FormationViolation"},
      {"UnlockConnector", "{\"connectorId\":\"1\"}", "TypeConstraintViolation"},
      {"UnlockConnector", "{\"connectorId\":1.5}", "TypeConstraintViolation"},
      {"UnlockConnector", "{\"connectorId\":1,\"force\":true}", "FormationViolation"},
      {"DataTransfer", "{\"vendorId\":5}", "TypeConstraintViolation"},
      {"DataTransfer", "{\"vendorId\":\"Plugbench\",\"message\":\"Echo\"}", "FormationViolation"},
      {"GetLocalListVersion", "{\"all\":true}", "FormationViolation"},
      {"ChangeAvailability", "{\"connectorId\":99999999999999999999,\"type\":\"Operative\"}",
       "TypeConstraintViolation"},
      {"RemoteStartTransaction", "{\"idTag\":\"A\",\"connectorId\":99999999999999999999}", "TypeConstraintViolation"},
      {"RemoteStopTransaction", "{\"transactionId\":99999999999999999999}", "TypeConstraintViolation"},
      {"TriggerMessage", "{\"requestedMessage\":\"Heartbeat\",\"connectorId\":99999999999999999999}",
       "TypeConstraintViolation"},
      {"UnlockConnector", "{\"connectorId\":99999999999999999999}", "TypeConstraintViolation"},
      {"ChangeConfiguration", long_key.c_str(), "PropertyConstraintViolation"},
      {"ChangeConfiguration", long_value.c_str(), "PropertyConstraintViolation"},
      {"DataTransfer", long_vendor.c_str(), "PropertyConstraintViolation"},
      {"DataTransfer", long_message.c_str(), "PropertyConstraintViolation"},
  };
  for (const Case& c : cases) {
    check_contains(std::string("[4,\"q\",\"") + c.code + "\"", rig.ask(c.action, c.payload));
  }
  TEST_ASSERT_FALSE(rig.app->restart_requested());
  rig.pass(1'000);
  rig.sequence();
  assert_is("300", get(rig, "HeartbeatInterval"));
  assert_is("Available", console_status(rig, "state"));
}

void data_transfer_echoes_to_its_own_vendor_only() {
  Rig rig;
  rig.settle();
  assert_is("[3,\"q\",{\"status\":\"Accepted\",\"data\":\"a\\u00e4\\n\"}]",
            rig.ask("DataTransfer", "{\"vendorId\":\"Plugbench\",\"messageId\":\"Echo\",\"data\":\"a\\u00e4\\n\"}"));
  assert_is(status_answer("Accepted").c_str(),
            rig.ask("DataTransfer", "{\"vendorId\":\"Plugbench\",\"messageId\":\"Echo\"}"));
  assert_is(status_answer("UnknownMessageId").c_str(),
            rig.ask("DataTransfer", "{\"vendorId\":\"Plugbench\",\"messageId\":\"Dance\"}"));
  assert_is(status_answer("UnknownMessageId").c_str(), rig.ask("DataTransfer", "{\"vendorId\":\"Plugbench\"}"));
  assert_is(status_answer("UnknownVendorId").c_str(),
            rig.ask("DataTransfer", "{\"vendorId\":\"Somebody\",\"data\":\"x\"}"));
  check_contains("InternalError",
                 rig.ask("DataTransfer", "{\"vendorId\":\"Plugbench\",\"messageId\":\"Echo\",\"data\":\"" +
                                             std::string(5'000, 'x') + "\"}"));
}

void data_transfer_of_the_device_prints_the_answer() {
  Rig rig;
  rig.settle();
  rig.answers["DataTransfer"] = "{\"status\":\"Accepted\",\"data\":\"yes\"}";
  rig.uart.take();
  rig.uart.type("transfer org.example Ping some data\r\n");
  rig.settle();
  assert_is("org.example", rig.last("DataTransfer", "vendorId"));
  assert_is("Ping", rig.last("DataTransfer", "messageId"));
  assert_is("some data", rig.last("DataTransfer", "data"));
  check_contains("= {\"status\":\"Accepted\",\"data\":\"yes\"}", rig.uart.take());
  rig.answers["DataTransfer"] = "Error NotSupported";
  rig.uart.type("transfer org.example\r\n");
  rig.settle();
  check_contains("= error: rejected by the CSMS", rig.uart.take());
}

void data_transfer_of_the_device_that_cannot_be_sent_says_why() {
  Rig rig;
  rig.settle();
  const std::pair<std::string, const char*> cases[] = {
      {"", "transfer needs a vendorId"},
      {std::string(256, 'v'), "vendorId has more than 255 characters"},
      {"v " + std::string(51, 'm'), "messageId has more than 50 characters"},
      {"v m " + std::string(490, 'd'), "the message has more than 512 bytes"}};
  for (const auto& [arguments, error] : cases) {
    rig.uart.take();
    rig.uart.type("transfer " + arguments + "\r\n");
    rig.settle();
    check_contains(error, rig.uart.take());
  }
  go_offline(rig);
  rig.uart.type("transfer org.example\r\n");
  rig.settle();
  check_contains("= error: no DataTransfer is sent: the CSMS has not accepted the device", rig.uart.take());
}

/// Sends each truncation of valid requests, and many mutations: every answer is well-formed, and the device stays up.
void truncated_or_mutated_requests_do_no_harm() {
  Rig rig;
  rig.settle();
  const std::string requests[] = {
      "[2,\"q\",\"ChangeAvailability\",{\"connectorId\":1,\"type\":\"Operative\"}]",
      "[2,\"q\",\"ChangeConfiguration\",{\"key\":\"MeterValuesSampledData\",\"value\":\"Voltage,Current.Import\"}]",
      "[2,\"q\",\"ClearCache\",{}]",
      "[2,\"q\",\"DataTransfer\",{\"vendorId\":\"Plugbench\",\"messageId\":\"Echo\",\"data\":\"\\u00e4\"}]",
      "[2,\"q\",\"GetConfiguration\",{\"key\":[\"HeartbeatInterval\",\"Nothing\"]}]",
      "[2,\"q\",\"RemoteStartTransaction\",{\"idTag\":\"R\",\"connectorId\":2,\"chargingProfile\":{"
      "\"chargingProfileId\":1,\"stackLevel\":0,\"chargingProfilePurpose\":\"TxProfile\",\"chargingProfileKind\":"
      "\"Absolute\",\"chargingSchedule\":{\"chargingRateUnit\":\"W\",\"chargingSchedulePeriod\":[{\"startPeriod\":0,"
      "\"limit\":1e3}]}}}]",
      "[2,\"q\",\"RemoteStopTransaction\",{\"transactionId\":1}]",
      "[2,\"q\",\"TriggerMessage\",{\"requestedMessage\":\"StatusNotification\",\"connectorId\":1}]",
      "[2,\"q\",\"UnlockConnector\",{\"connectorId\":1}]",
      "[3,\"q\",{\"status\":\"Accepted\"}]",
      "[4,\"q\",\"GenericError\",\"\",{}]",
  };
  const char kBytes[] = "[]{}\",:0123456789-+.eE\\ntrufalse \x01q";
  uint32_t random = 1;
  const auto next = [&random](size_t below) {
    random = random * 1'664'525U + 1'013'904'223U;
    return static_cast<size_t>((random >> 8) % below);
  };
  size_t answers = 0;
  const auto send = [&](const std::string& frame) {
    rig.peer.send(frame);
    rig.settle();
    TEST_ASSERT_TRUE(rig.connected);
    for (const auto& one : rig.received) answers += one.first == "answer" ? 1U : 0U;
    rig.received.clear();
  };
  for (const std::string& request : requests) {
    for (size_t length = 0; length < request.size(); ++length) send(request.substr(0, length));
    for (int i = 0; i < 150; ++i) {
      std::string mutant = request;
      for (size_t changes = 1 + next(3); changes > 0; --changes) {
        const size_t at = next(mutant.size());
        const char byte = kBytes[next(sizeof kBytes - 1)];
        switch (next(3)) {
          case 0:
            mutant[at] = byte;
            break;
          case 1:
            mutant.insert(at, 1, byte);
            break;
          default:
            mutant.erase(at, 1 + next(4));
        }
      }
      send(mutant);
    }
  }
  TEST_ASSERT_GREATER_THAN(100, answers);
  rig.settle();
  check_contains("[3,\"q\",{\"configurationKey\"", rig.ask("GetConfiguration", "{}"));
}

}  // namespace

void run_requests_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(bad_requests_get_the_code_of_their_error);
  RUN_TEST(data_transfer_echoes_to_its_own_vendor_only);
  RUN_TEST(data_transfer_of_the_device_prints_the_answer);
  RUN_TEST(data_transfer_of_the_device_that_cannot_be_sent_says_why);
  RUN_TEST(truncated_or_mutated_requests_do_no_harm);
}
