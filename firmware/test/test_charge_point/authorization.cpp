#include "features/storage/littlefs_storage.h"
#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

const char* const kParented =
    "{\"idTagInfo\":{\"status\":\"Accepted\",\"parentIdTag\":\"FLEET\",\"expiryDate\":\"2024-05-01T12:30:00Z\"}}";

/// Whether the local idTag starts a charge; the cable is plugged in.
bool charges(Rig& rig) {
  rig.press();
  rig.uart.take();
  rig.uart.type("status\r\n");
  rig.settle();
  return rig.uart.take().find("\"transaction\":null") == std::string::npos;
}

void offline_the_cache_decides() {
  Rig rig;
  rig.set("AuthorizationCacheEnabled", "true");
  rig.set("AllowOfflineTxForUnknownId", "false");
  rig.settle();
  rig.drive(pins::kCable, true);
  go_offline(rig);
  TEST_ASSERT_FALSE(charges(rig));
  rig.reachable = true;
  rig.pass(1'000);
  TEST_ASSERT_TRUE(charges(rig));
  rig.press();
  go_offline(rig);
  TEST_ASSERT_TRUE(charges(rig));
}

void offline_a_blocked_id_tag_does_not_charge() {
  Rig rig;
  rig.set("AuthorizationCacheEnabled", "true");
  rig.answers["Authorize"] = "{\"idTagInfo\":{\"status\":\"Blocked\"}}";
  rig.settle();
  rig.drive(pins::kCable, true);
  TEST_ASSERT_FALSE(charges(rig));
  go_offline(rig);
  TEST_ASSERT_FALSE(charges(rig));
}

void offline_local_authorization_can_be_disabled() {
  Rig rig;
  rig.set("AuthorizationCacheEnabled", "true");
  rig.set("AllowOfflineTxForUnknownId", "false");
  rig.set("LocalAuthorizeOffline", "false");
  rig.settle();
  rig.drive(pins::kCable, true);
  TEST_ASSERT_TRUE(charges(rig));
  rig.press();
  go_offline(rig);
  TEST_ASSERT_FALSE(charges(rig));
}

void cache_survives_a_reboot_and_its_entries_expire() {
  Rig rig;
  rig.set("AuthorizationCacheEnabled", "true");
  rig.set("LocalPreAuthorize", "true");
  rig.answers["Authorize"] = kParented;
  rig.answers["StartTransaction"] = "{\"transactionId\":5," + std::string(kParented + 1);
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.press();
  rig.boot();
  rig.settle();
  rig.sequence();
  rig.press();
  rig.assert_sequence("StartTransaction 1:SuspendedEV");
  rig.press();
  rig.pass(31 * 60'000);
  rig.sequence();
  rig.press();
  rig.assert_sequence("1:Preparing Authorize StartTransaction 1:SuspendedEV");
}

void cache_learns_from_start_transaction() {
  Rig rig;
  rig.set("AuthorizationCacheEnabled", "true");
  rig.settle();
  rig.answers["StartTransaction"] = "{\"transactionId\":5,\"idTagInfo\":{\"status\":\"Blocked\"}}";
  rig.drive(pins::kCable, true);
  rig.press();
  rig.settle();
  go_offline(rig);
  TEST_ASSERT_FALSE(charges(rig));
}

void cleared_cache_is_empty() {
  Rig rig;
  rig.set("AuthorizationCacheEnabled", "true");
  rig.set("LocalPreAuthorize", "true");
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.press();
  assert_is(status_answer("Accepted").c_str(), rig.ask("ClearCache", "{}"));
  rig.sequence();
  rig.press();
  rig.assert_sequence("1:Preparing Authorize StartTransaction 1:SuspendedEV");
  rig.press();
  rig.ask("ClearCache", "{}");
  rig.boot();
  rig.settle();
  rig.sequence();
  rig.press();
  rig.assert_sequence("Authorize StartTransaction 1:SuspendedEV");
}

void disabled_cache_neither_adds_nor_finds() {
  Rig rig;
  rig.set("LocalPreAuthorize", "true");
  rig.settle();
  rig.drive(pins::kCable, true);
  rig.press();
  rig.press();
  rig.sequence();
  rig.press();
  rig.assert_sequence("1:Preparing Authorize StartTransaction 1:SuspendedEV");
  assert_is(status_answer("Rejected").c_str(), rig.ask("ClearCache", "{}"));
}

// An Authorize is in flight, its session ends, and another idTag is presented: the answer is about the first one.
void answer_about_one_id_tag_does_not_authorize_the_next() {
  for (const char* answer : {"Accepted", "Blocked"}) {
    Rig rig;
    rig.set("AuthorizeRemoteTxRequests", "true");
    rig.set("AuthorizationCacheEnabled", "true");
    rig.set("AllowOfflineTxForUnknownId", "false");
    rig.settle();
    rig.drive(pins::kCable, true);
    rig.answers["Authorize"] = "";
    rig.press();
    const std::string first = rig.ids["Authorize"];
    rig.ask("UnlockConnector", "{\"connectorId\":1}");
    assert_is(status_answer("Accepted").c_str(), rig.ask("RemoteStartTransaction", "{\"idTag\":\"STRANGER\"}"));
    rig.sequence();
    rig.peer.send("[3,\"" + first + "\",{\"idTagInfo\":{\"status\":\"" + answer + "\"}}]");
    rig.settle();
    rig.assert_sequence("Authorize");
    assert_is("Preparing", console_status(rig, "state"));
    rig.peer.send("[3,\"" + rig.ids["Authorize"] + "\",{\"idTagInfo\":{\"status\":\"Accepted\"}}]");
    rig.settle();
    rig.assert_sequence("StartTransaction 1:SuspendedEV");
  }
}

/// The file is lost: the idTag may have been blocked.
void offline_after_damage_to_the_cache_unknown_id_tags_do_not_charge() {
  Rig rig;
  rig.set("AuthorizationCacheEnabled", "true");
  rig.set("AllowOfflineTxForUnknownId", "true");
  rig.app.reset();
  FakeWorker worker;
  LittleFsStorage storage(rig.flash, worker);
  storage.mount();
  storage.start();
  storage.write(AuthCache::kFile, Text("[{\"idTag\":\"LOC").bytes(), StorageDone());
  worker.deliver_all();
  rig.boot();
  rig.settle();
  assert_is("[\"auth_cache\"]", console_status(rig, "lost_files"));
  rig.drive(pins::kCable, true);
  go_offline(rig);
  TEST_ASSERT_FALSE(charges(rig));
  rig.reachable = true;
  rig.pass(1'000);
  TEST_ASSERT_TRUE_MESSAGE(charges(rig), "online the CSMS decides");
  rig.press();
  go_offline(rig);
  TEST_ASSERT_TRUE_MESSAGE(charges(rig), "the CSMS has accepted the idTag since");
  rig.press();
  rig.set("local_id_tag", "OTHER");
  TEST_ASSERT_FALSE(charges(rig));
  rig.reachable = true;
  rig.pass(1'000);
  rig.ask("ClearCache", "{}");
  assert_is("[]", console_status(rig, "lost_files"));
  go_offline(rig);
  TEST_ASSERT_TRUE(charges(rig));
}

/// A rejection that arrives after another idTag was presented, in time or late, belongs to the first one.
void cache_takes_answers_about_earlier_id_tags() {
  for (const Millis delay : {Millis{0}, Messenger::kCallTimeout}) {
    Rig rig;
    rig.set("AuthorizationCacheEnabled", "true");
    rig.set("AllowOfflineTxForUnknownId", "true");
    rig.settle();
    rig.drive(pins::kCable, true);
    rig.answers["Authorize"] = "";
    rig.press();
    const std::string first = rig.ids["Authorize"];
    rig.pass(delay);
    rig.set("local_id_tag", "OTHER");
    rig.press();
    rig.peer.send("[3,\"" + first + "\",{\"idTagInfo\":{\"status\":\"Blocked\"}}]");
    rig.settle();
    rig.set("local_id_tag", "LOCAL");
    go_offline(rig);
    rig.pass(1'000);
    rig.uart.take();
    rig.press();
    check_contains("offline: LOCAL may not charge, the authorization cache has it as Blocked", rig.uart.written());
  }
}

void cache_assigns_each_answer_to_its_id_tag() {
  Rig rig;
  rig.set("AuthorizeRemoteTxRequests", "true");
  rig.set("AuthorizationCacheEnabled", "true");
  rig.set("AllowOfflineTxForUnknownId", "false");
  rig.settle();
  rig.answers["Authorize"] = "";
  rig.press();
  const std::string first = rig.ids["Authorize"];
  rig.ask("UnlockConnector", "{\"connectorId\":1}");
  rig.ask("RemoteStartTransaction", "{\"idTag\":\"STRANGER\"}");
  rig.peer.send("[3,\"" + first + "\",{\"idTagInfo\":{\"status\":\"Accepted\"}}]");
  rig.settle();
  go_offline(rig);  // offline the cache decides
  assert_is("Available", console_status(rig, "state"));
}

}  // namespace

void run_authorization_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(offline_the_cache_decides);
  RUN_TEST(offline_a_blocked_id_tag_does_not_charge);
  RUN_TEST(offline_local_authorization_can_be_disabled);
  RUN_TEST(cache_survives_a_reboot_and_its_entries_expire);
  RUN_TEST(cache_learns_from_start_transaction);
  RUN_TEST(cleared_cache_is_empty);
  RUN_TEST(answer_about_one_id_tag_does_not_authorize_the_next);
  RUN_TEST(offline_after_damage_to_the_cache_unknown_id_tags_do_not_charge);
  RUN_TEST(cache_takes_answers_about_earlier_id_tags);
  RUN_TEST(cache_assigns_each_answer_to_its_id_tag);
  RUN_TEST(disabled_cache_neither_adds_nor_finds);
}
