#include "features/storage/littlefs_storage.h"
#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

/// An entry of localAuthorizationList; without a status it has no idTagInfo.
std::string entry(const std::string& id_tag, const std::string& status = "Accepted") {
  const std::string info = status.empty() ? "" : ",\"idTagInfo\":{\"status\":\"" + status + "\"}";
  return "{\"idTag\":\"" + id_tag + "\"" + info + "}";
}

std::string list_request(const char* type, int version, const std::string& entries) {
  return "{\"listVersion\":" + std::to_string(version) + ",\"updateType\":\"" + type +
         "\",\"localAuthorizationList\":[" + entries + "]}";
}

std::string send(Rig& rig, const char* type, int version, const std::string& entries) {
  return Rig::field(rig.ask("SendLocalList", list_request(type, version, entries)), "2.status");
}

std::string version(Rig& rig) { return Rig::field(rig.ask("GetLocalListVersion", "{}"), "2.listVersion"); }

/// Whether the local idTag starts a charge; the cable is plugged in.
bool charges(Rig& rig) {
  rig.press();
  return console_status(rig, "transaction") != "null";
}

void empty_list_has_version_0() {
  Rig rig;
  rig.settle();
  assert_is("0", version(rig));
  assert_is("Accepted",
            Rig::field(rig.ask("SendLocalList", "{\"listVersion\":1,\"updateType\":\"Full\"}"), "2.status"));
  assert_is("0", version(rig));
}

void disabled_list_is_not_supported() {
  Rig rig;
  rig.settle();
  assert_is("Accepted", change(rig, "LocalAuthListEnabled", "false"));
  assert_is("-1", version(rig));
  assert_is("NotSupported", send(rig, "Full", 1, entry("TAG")));
}

void update_with_an_old_version_is_a_mismatch() {
  Rig rig;
  rig.settle();
  assert_is("Accepted", send(rig, "Full", 2, entry("A")));
  assert_is("2", version(rig));
  assert_is("Accepted", send(rig, "Differential", 5, entry("B")));
  assert_is("5", version(rig));
  for (const int old : {4, 5}) assert_is("VersionMismatch", send(rig, "Differential", old, entry("C")));
  assert_is("5", version(rig));
  assert_is("Accepted", send(rig, "Full", 1, entry("A")));
}

void update_that_cannot_be_stored_fails() {
  Rig rig;
  rig.settle();
  std::string many;
  for (int i = 0; i < 51; ++i) many += (i > 0 ? "," : "") + entry("TAG" + std::to_string(i));
  assert_is("Failed", send(rig, "Full", 2, many));
  assert_is("Failed", send(rig, "Full", 2, entry("A") + "," + entry("a")));
  assert_is("Failed", send(rig, "Full", 2, entry("A", "")));
  assert_is("Failed", send(rig, "Full", 0, entry("A")));
  rig.flash.full = true;
  assert_is("Failed", send(rig, "Full", 2, entry("A")));
  rig.flash.full = false;
  rig.pass(10'000);
  assert_is("0", version(rig));
  assert_is("Accepted", send(rig, "Full", 2, entry("A")));
}

void invalid_entries_get_a_call_error() {
  Rig rig;
  rig.settle();
  const std::pair<std::string, const char*> cases[] = {
      {"7", "TypeConstraintViolation"},
      {"{\"idTagInfo\":{\"status\":\"Accepted\"}}", "OccurenceConstraintViolation"},
      {entry("A", "Perhaps"), "PropertyConstraintViolation"},
      {entry("ABCDEFGHIJKLMNOPQRSTU"), "PropertyConstraintViolation"},
      {"{\"idTag\":\"A\",\"idTagInfo\":{\"status\":\"Accepted\",\"expiryDate\":\"soon\"}}",
       "PropertyConstraintViolation"},
      {"{\"idTag\":\"A\",\"idTagInfo\":{}}", "OccurenceConstraintViolation"},
      {"{\"idTag\":\"A\",\"name\":\"B\"}", "FormationViolation"},
  };
  for (const auto& each : cases) {
    check_contains(each.second, rig.ask("SendLocalList", list_request("Full", 1, each.first)));
  }
  check_contains("FormationViolation", rig.ask("GetLocalListVersion", "{\"all\":true}"));
  check_contains("OccurenceConstraintViolation", rig.ask("SendLocalList", "{\"updateType\":\"Full\"}"));
  assert_is("0", version(rig));
}

void largest_update_fits_into_a_message() {
  Rig rig;
  rig.settle();
  std::string entries;
  for (int i = 0; i < 50; ++i) {
    const std::string number = std::to_string(1000 + i);
    entries += std::string(i > 0 ? ", " : "") + "{\"idTag\": \"1234567890123456" + number +
               "\", \"idTagInfo\": {\"expiryDate\": \"2024-05-01T13:00:00.000Z\", \"parentIdTag\": "
               "\"12345678901234567890\", \"status\": \"Accepted\"}}";
  }
  rig.received.clear();
  rig.peer.send("[2,\"q\",\"SendLocalList\"," + list_request("Full", 1, entries) + "]");
  rig.pass(100);
  assert_is(status_answer("Accepted").c_str(), rig.last_answer());
}

void update_during_an_update_gets_an_error_to_retry() {
  Rig rig;
  rig.settle();
  rig.worker.hold = true;
  rig.received.clear();
  rig.peer.send("[2,\"first\",\"SendLocalList\"," + list_request("Full", 1, entry("A")) + "]");
  rig.settle();
  check_contains("InternalError", rig.ask("SendLocalList", list_request("Full", 2, entry("B"))));
  rig.worker.hold = false;
  rig.settle();
  assert_is("[3,\"first\",{\"status\":\"Accepted\"}]", rig.last_answer());
}

/// LocalPreAuthorize: a valid entry charges without Authorize; for any other status the CSMS is asked.
void listed_id_tag_charges_at_once() {
  Rig rig;
  rig.set("LocalPreAuthorize", "true");
  rig.settle();
  send(rig, "Full", 1, entry("local"));
  rig.drive(pins::kCable, true);
  rig.sequence();
  rig.press();
  rig.assert_sequence("StartTransaction 1:SuspendedEV");
  rig.press();
  send(rig, "Full", 2, entry("local", "Blocked"));
  rig.sequence();
  rig.press();
  rig.assert_sequence("1:Preparing Authorize StartTransaction 1:SuspendedEV");
}

void offline_the_list_decides() {
  for (const char* status : {"Accepted", "Blocked", "Expired", "Invalid"}) {
    Rig rig;
    rig.settle();
    send(rig, "Full", 1, entry("LOCAL", status));
    rig.drive(pins::kCable, true);
    go_offline(rig);
    rig.uart.take();
    rig.press();
    check_contains(std::string("the local authorization list has it as ") + status, rig.uart.written());
    TEST_ASSERT_EQUAL(std::string(status) == "Accepted", console_status(rig, "transaction") != "null");
  }
}

/// The list is on flash, so it counts at a start without a network, before any BootNotification.
void list_counts_at_a_cold_boot_without_a_network() {
  Rig rig;
  rig.set("AllowOfflineTxForUnknownId", "false");
  rig.settle();
  send(rig, "Full", 1, entry("LOCAL"));
  rig.reachable = false;
  rig.cut_power_before_flash();
  rig.settle();
  rig.drive(pins::kCable, true);
  TEST_ASSERT_TRUE(charges(rig));
  rig.press();
  rig.set("local_id_tag", "OTHER");
  TEST_ASSERT_FALSE(charges(rig));
}

/// Section 3.5.3: the list has priority over the cache.
void list_has_priority_over_the_cache() {
  Rig rig;
  rig.set("AuthorizationCacheEnabled", "true");
  rig.settle();
  rig.drive(pins::kCable, true);
  TEST_ASSERT_TRUE(charges(rig));
  rig.press();
  send(rig, "Full", 1, entry("LOCAL", "Blocked"));
  go_offline(rig);
  TEST_ASSERT_FALSE(charges(rig));
}

/// The lost list may have blocked the idTag.
void offline_after_damage_to_the_list_unknown_id_tags_do_not_charge() {
  Rig rig;
  rig.settle();
  send(rig, "Full", 1, entry("OTHER", "Blocked"));
  rig.app.reset();
  FakeWorker worker;
  LittleFsStorage storage(rig.flash, worker);
  storage.mount();
  storage.start();
  storage.write(LocalList::kFile, Text("{\"version\"").bytes(), StorageDone());
  worker.deliver_all();
  rig.boot();
  rig.settle();
  assert_is("[\"auth_list\"]", console_status(rig, "lost_files"));
  assert_is("0", version(rig));
  assert_is("Failed", send(rig, "Differential", 2, entry("NEW")));
  rig.drive(pins::kCable, true);
  go_offline(rig);
  TEST_ASSERT_FALSE(charges(rig));
  rig.reachable = true;
  rig.pass(1'000);
  assert_is("Accepted", send(rig, "Full", 3, entry("OTHER", "Blocked")));
  assert_is("[]", console_status(rig, "lost_files"));
  go_offline(rig);
  TEST_ASSERT_TRUE(charges(rig));
}

/// The search waits for a busy flash. If two idTags are presented meanwhile, the later one counts.
void search_for_the_last_id_tag_counts() {
  Rig rig;
  rig.set("AllowOfflineTxForUnknownId", "false");
  rig.settle();
  send(rig, "Full", 1, entry("LOCAL"));
  rig.drive(pins::kCable, true);
  go_offline(rig);
  rig.worker.hold = true;
  rig.press();
  TEST_ASSERT_TRUE(console_status(rig, "transaction") == "null");
  rig.worker.hold = false;
  rig.settle();
  TEST_ASSERT_TRUE(console_status(rig, "transaction") != "null");
}

/// OCPP 1.6 section 5.18: a fixed cable is not unlocked, and its transaction goes on.
void fixed_cable_is_never_locked_or_unlocked() {
  Rig rig;
  rig.set("fixed_cable", "true");
  rig.set("lock_timeout_ms", "1000");
  rig.settle();
  assert_is("NotSupported", Rig::field(rig.ask("UnlockConnector", "{\"connectorId\":1}"), "2.status"));
  rig.drive(pins::kCable, true);
  rig.drive(pins::kVehicleReady, true);
  TEST_ASSERT_TRUE(charges(rig));
  TEST_ASSERT_TRUE(rig.gpio.read(pins::kContactor));
  TEST_ASSERT_FALSE(rig.gpio.read(pins::kLock));
  assert_is("NotSupported", Rig::field(rig.ask("UnlockConnector", "{\"connectorId\":1}"), "2.status"));
  assert_is("Charging", console_status(rig, "state"));
  rig.press();
  assert_is("Finishing", console_status(rig, "state"));
}

}  // namespace

void run_local_list_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(empty_list_has_version_0);
  RUN_TEST(disabled_list_is_not_supported);
  RUN_TEST(update_with_an_old_version_is_a_mismatch);
  RUN_TEST(update_that_cannot_be_stored_fails);
  RUN_TEST(invalid_entries_get_a_call_error);
  RUN_TEST(largest_update_fits_into_a_message);
  RUN_TEST(update_during_an_update_gets_an_error_to_retry);
  RUN_TEST(listed_id_tag_charges_at_once);
  RUN_TEST(offline_the_list_decides);
  RUN_TEST(list_counts_at_a_cold_boot_without_a_network);
  RUN_TEST(list_has_priority_over_the_cache);
  RUN_TEST(offline_after_damage_to_the_list_unknown_id_tags_do_not_charge);
  RUN_TEST(search_for_the_last_id_tag_counts);
  RUN_TEST(fixed_cable_is_never_locked_or_unlocked);
}
