#include <unity.h>

#include <string>
#include <vector>

#include "core/crc32.h"
#include "features/schema/ocpp16_tables.h"
#include "features/schema/schema_console.h"
#include "features/schema/schema_store.h"
#include "support/fake_clock.h"
#include "support/fake_storage.h"
#include "support/fake_uart.h"
#include "support/fake_worker.h"
#include "support/ram_flash.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

/// Writes the CRC of the header and the tables that the header names, if the pack has them.
void sign(std::vector<uint8_t>& pack) {
  uint32_t length = 0;
  for (size_t i = 0; i < 4; ++i) length |= uint32_t{pack[20 + i]} << (8 * i);
  if (length > pack.size() - SchemaPack::kHeaderSize) return;
  const uint32_t crc = crc32({pack.data() + SchemaPack::kHeaderSize, length}, crc32({pack.data(), 60}));
  for (size_t i = 0; i < 4; ++i) pack[60 + i] = static_cast<uint8_t>(crc >> (8 * i));
}

/// A pack of a protocol with the tables of OCPP 1.6.
std::vector<uint8_t> pack_of(const std::string& protocol, const std::vector<uint8_t>& digest = {}) {
  std::vector<uint8_t> pack(SchemaPack::kHeaderSize, 0);
  const Bytes tables = ocpp16_tables();
  memcpy(pack.data(), "PBSP\1\0\100\0", 8);
  memcpy(pack.data() + 8, protocol.data(), protocol.size());
  for (size_t i = 0; i < 4; ++i) pack[20 + i] = static_cast<uint8_t>(tables.length >> (8 * i));
  for (size_t i = 0; i < digest.size(); ++i) pack[24 + i] = digest[i];
  pack.insert(pack.end(), tables.data, tables.data + tables.length);
  sign(pack);
  return pack;
}

/// The slots and the storage, which outlive a restart.
struct Flashes {
  RamFlash first{8};
  RamFlash second{8};
  FakeStorage storage;
};

struct Rig {
  FakeClock clock;
  FakeUart uart;
  Logger log{clock, uart};
  FakeWorker worker;
  Flashes& flashes;
  SchemaStore store;
  std::string result = "none";

  explicit Rig(Flashes& kept) : flashes(kept), store(kept.first, kept.second, kept.storage, worker, log) {
    store.load();
  }
  std::string protocol() const { return store.has_pack() ? store.pack().protocol.c_str() : "built-in"; }
  SchemaStore::Done done() {
    return {[](void* self, const char* error) { static_cast<Rig*>(self)->result = error == nullptr ? "ok" : error; },
            this};
  }
  /// Carries out an operation and returns its result.
  std::string wait(const char* error) {
    if (error != nullptr) return error;
    result = "none";
    worker.deliver_all();
    flashes.storage.run_all();
    return result;
  }
  std::string write(const std::vector<uint8_t>& pack) {
    if (const char* error = store.begin(pack.size()); error != nullptr) return error;
    for (size_t at = 0; at < pack.size(); at += SchemaStore::kChunk) {
      const size_t rest = pack.size() - at;
      const Bytes chunk{pack.data() + at, rest < SchemaStore::kChunk ? rest : SchemaStore::kChunk};
      if (const std::string wrong = wait(store.write(chunk, done())); wrong != "ok") return wrong;
    }
    return "ok";
  }
  std::string install(const std::vector<uint8_t>& pack) {
    const std::string written = write(pack);
    return written == "ok" ? wait(store.commit(done())) : written;
  }
};

/// The console command `schema`.
struct Console {
  Rig& rig;
  SchemaConsole schema{rig.store, rig.log};

  /// Runs the command. @return its answer, or nothing while an operation runs
  std::string begin(const std::string& arguments) {
    rig.uart.take();
    const Command command = schema.command();
    command.run(command.context, arguments.c_str(), rig.log);
    return answer();
  }
  std::string finish() {
    rig.worker.deliver_all();
    rig.flashes.storage.run_all();
    return answer();
  }
  std::string run(const std::string& arguments) {
    const std::string at_once = begin(arguments);
    return at_once.empty() ? finish() : at_once;
  }

 private:
  /// The answers in the output, without the lines of the log.
  std::string answer() {
    std::string answers;
    const std::string output = rig.uart.take();
    for (size_t at = 0; at < output.size();) {
      const size_t end = output.find("\r\n", at);
      if (output.compare(at, 2, "= ") == 0) answers += output.substr(at + 2, end - at - 2);
      at = end + 2;
    }
    return answers;
  }
};

std::string hexadecimal(const uint8_t* bytes, size_t length) {
  std::string digits;
  for (size_t i = 0; i < length; ++i) {
    digits += "0123456789abcdef"[bytes[i] >> 4];
    digits += "0123456789abcdef"[bytes[i] & 15];
  }
  return digits;
}

void check(const std::string& expected, const std::string& actual) {
  TEST_ASSERT_EQUAL_STRING(expected.c_str(), actual.c_str());
}

void a_pack_is_written_to_the_other_slot_and_used_after_a_restart() {
  Flashes flashes;
  {
    Rig rig(flashes);
    check("built-in", rig.protocol());
    check("ok", rig.install(pack_of("ocpp2.0.1")));
    check("ocpp2.0.1", rig.protocol());
    TEST_ASSERT_EQUAL_size_t(0, rig.store.slot());
    check("ok", rig.install(pack_of("ocpp2.1")));
    TEST_ASSERT_EQUAL_size_t(1, rig.store.slot());
    TEST_ASSERT_TRUE(rig.store.pack().tables.has("Heartbeat"));
  }
  Rig rig(flashes);
  check("ocpp2.1", rig.protocol());
  check("ok", rig.install(pack_of("ocpp1.6")));
  TEST_ASSERT_EQUAL_size_t(0, rig.store.slot());
}

void without_a_commit_the_old_pack_remains() {
  Flashes flashes;
  {
    Rig rig(flashes);
    check("ok", rig.install(pack_of("ocpp2.0.1")));
    check("ok", rig.write(pack_of("ocpp2.1")));
    check("ocpp2.0.1", rig.protocol());
  }
  Rig rig(flashes);
  check("ocpp2.0.1", rig.protocol());
  check("the pack is not complete", rig.wait(rig.store.commit(rig.done())));
}

void a_damaged_pack_is_not_put_into_use() {
  Flashes flashes;
  Rig rig(flashes);
  std::vector<uint8_t> pack = pack_of("ocpp2.0.1");
  pack[100] ^= 1;
  check("its CRC is wrong", rig.install(pack));
  pack = pack_of("ocpp2.0.1");
  pack[4] = 2;
  check("its format is unknown to this firmware", rig.install(pack));
  pack = pack_of("ocpp2.0.1");
  pack.push_back(0);
  check("its length is not that of its header", rig.install(pack));
  check("it has no pack", rig.install(std::vector<uint8_t>(500, 0)));
  check("built-in", rig.protocol());
  TEST_ASSERT_EQUAL_size_t(0, flashes.storage.files.size());
}

void a_header_that_no_pack_has_is_rejected() {
  const auto error_of = [](size_t at, const std::vector<uint8_t>& bytes, size_t filling = 0) -> std::string {
    std::vector<uint8_t> pack = pack_of("ocpp2.0.1");
    pack.resize(pack.size() + filling);
    for (size_t i = 0; i < bytes.size(); ++i) pack[at + i] = bytes[i];
    sign(pack);
    SchemaPack result;
    const char* error = read_pack({pack.data(), pack.size()}, result);
    return error == nullptr ? "none" : error;
  };
  const auto length = static_cast<uint32_t>(ocpp16_tables().length);
  const auto length_of = [](uint32_t value) {
    return std::vector<uint8_t>{static_cast<uint8_t>(value), static_cast<uint8_t>(value >> 8),
                                static_cast<uint8_t>(value >> 16), static_cast<uint8_t>(value >> 24)};
  };
  check("none", error_of(0, {}));
  check("it has no pack", error_of(3, {'p'}));
  check("its format is unknown to this firmware", error_of(4, {1, 1}));
  check("its format is unknown to this firmware", error_of(6, {63}));
  check("none", error_of(20, length_of(4)));
  check("its length is impossible", error_of(20, length_of(3)));
  check("its length is impossible", error_of(20, length_of(length + 1)));
  check("none", error_of(20, length_of(0xffff), 0x10000));
  check("its length is impossible", error_of(20, length_of(0x10000), 0x10000));
  check("its length is impossible", error_of(20, length_of(0xffffffff)));
  check("its protocol has no name", error_of(8, {0}));
  check("its protocol has no name", error_of(9, {' '}));
  check("none", error_of(17, {'a', 'b', 'c'}));
  SchemaPack result;
  const std::vector<uint8_t> pack = pack_of("ocpp2.0.1");
  check("it has no pack", read_pack({pack.data(), 63}, result));
  check("its length is impossible", read_pack({pack.data(), 64}, result));
}

void a_pack_that_changes_on_the_flash_is_reported_and_not_used() {
  Flashes flashes;
  {
    check("ok", Rig(flashes).install(pack_of("ocpp2.0.1")));
  }
  flashes.first.content()[200] ^= 1;
  Rig rig(flashes);
  check("built-in", rig.protocol());
  TEST_ASSERT_TRUE(rig.uart.wrote("the pack of schemas is not used: its CRC is wrong; the built-in schemas remain"));
}

void another_valid_pack_in_the_slot_is_not_used() {
  Flashes flashes;
  {
    check("ok", Rig(flashes).install(pack_of("ocpp2.0.1")));
  }
  const std::vector<uint8_t> other = pack_of("ocpp2.1");
  memcpy(flashes.first.data(), other.data(), other.size());
  Rig rig(flashes);
  check("built-in", rig.protocol());
  TEST_ASSERT_TRUE(rig.uart.wrote("it is not the pack that was put into use"));
}

void a_damaged_record_is_reported() {
  Flashes flashes;
  {
    check("ok", Rig(flashes).install(pack_of("ocpp2.0.1")));
  }
  flashes.storage.files["schemas"][0] = 7;
  check("built-in", Rig(flashes).protocol());
  flashes.storage.files["schemas"] = std::string("\0\0\0\0", 4);
  {
    Rig rig(flashes);
    check("built-in", rig.protocol());
    TEST_ASSERT_TRUE(rig.uart.wrote("the record of the slot in use names none"));
  }
  flashes.storage.lost.insert("schemas");
  Rig rig(flashes);
  check("built-in", rig.protocol());
  TEST_ASSERT_TRUE(rig.uart.wrote("the record of the slot in use cannot be read"));
}

void the_listener_receives_the_pack_in_use() {
  Flashes flashes;
  Rig rig(flashes);
  std::string last = "none";
  rig.store.set_listener({[](void* text, const SchemaPack& pack) {
                            *static_cast<std::string*>(text) = pack.tables.empty() ? "empty" : pack.protocol.c_str();
                          },
                          &last});
  check("ok", rig.install(pack_of("ocpp2.0.1")));
  check("ocpp2.0.1", last);
  check("ok", rig.wait(rig.store.drop(rig.done())));
  check("empty", last);
  check("built-in", Rig(flashes).protocol());
}

void wrong_requests_have_errors() {
  Flashes flashes;
  Rig rig(flashes);
  const std::vector<uint8_t> bytes(300, 0);
  check("no pack was begun", rig.wait(rig.store.write({bytes.data(), 128}, rig.done())));
  check("the pack is not complete", rig.wait(rig.store.commit(rig.done())));
  check("a pack has more than 64 bytes and fits into its slot", rig.wait(rig.store.begin(64)));
  check("a pack has more than 64 bytes and fits into its slot", rig.wait(rig.store.begin(8 * 4096 + 1)));
  TEST_ASSERT_NULL(rig.store.begin(204));
  const std::string wrong = "each write has 128 bytes, the last one the rest of the pack";
  check(wrong, rig.wait(rig.store.write({bytes.data(), 100}, rig.done())));
  check("ok", rig.wait(rig.store.write({bytes.data(), 128}, rig.done())));
  check(wrong, rig.wait(rig.store.write({bytes.data(), 128}, rig.done())));
  check("the pack is not complete", rig.wait(rig.store.commit(rig.done())));
  TEST_ASSERT_NULL(rig.store.write({bytes.data(), 76}, rig.done()));
  TEST_ASSERT_TRUE(rig.store.busy());
  check("another operation is running, try again", rig.wait(rig.store.commit(rig.done())));
  check("ok", rig.wait(nullptr));
  check(wrong, rig.wait(rig.store.write({bytes.data(), 0}, rig.done())));
}

void an_operation_that_cannot_start_changes_nothing() {
  constexpr const char* kBusy = "another operation is running, try again";
  Flashes flashes;
  Rig rig(flashes);
  check("ok", rig.write(pack_of("ocpp2.0.1")));
  for (size_t i = 0; i < FakeStorage::kMaxJobs; ++i) TEST_ASSERT_TRUE(flashes.storage.remove("other", {}));
  check(kBusy, rig.wait(rig.store.commit(rig.done())));
  check(kBusy, rig.wait(rig.store.drop(rig.done())));
  flashes.storage.run_all();
  check("built-in", rig.protocol());
  TEST_ASSERT_NULL(rig.store.commit(rig.done()));
  check(kBusy, rig.wait(rig.store.begin(300)));
  check("ok", rig.wait(nullptr));
  check("ocpp2.0.1", rig.protocol());
  TEST_ASSERT_NULL(rig.store.begin(SchemaStore::kChunk));
  const uint8_t bytes[SchemaStore::kChunk] = {};
  rig.worker.full = true;
  check(kBusy, rig.wait(rig.store.write(bytes, rig.done())));
  rig.worker.full = false;
  TEST_ASSERT_NULL(rig.store.write(bytes, rig.done()));
  check(kBusy, rig.wait(rig.store.write(bytes, rig.done())));
  check("ok", rig.wait(nullptr));
}

void a_failure_of_the_flash_ends_the_new_pack() {
  Flashes flashes;
  Rig rig(flashes);
  flashes.first.cut_at(3, Tear::half);
  check("the flash failed, begin the pack again", rig.write(pack_of("ocpp2.0.1")));
  flashes.first.power_on();
  check("ok", rig.install(pack_of("ocpp2.0.1")));
  flashes.storage.result = StorageResult::full;
  check("the record cannot be stored", rig.install(pack_of("ocpp2.1")));
  check("ocpp2.0.1", rig.protocol());
}

void the_console_installs_shows_and_drops_a_pack() {
  Flashes flashes;
  Rig rig(flashes);
  Console console{rig};
  const std::string built_in = "\"built_in\":{\"protocol\":\"ocpp1.6\",\"digest\":\"" + hexadecimal(kOcpp16Digest, 8) +
                               "\",\"bytes\":" + std::to_string(ocpp16_tables().length) + "}";
  check("{" + built_in + "}", console.run(""));
  const std::vector<uint8_t> pack = pack_of("ocpp2.0.1", {0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10});
  check("ok", console.begin("begin " + std::to_string(pack.size())));
  for (size_t at = 0; at < pack.size(); at += SchemaStore::kChunk) {
    const size_t rest = pack.size() - at;
    check("ok",
          console.run("write " + hexadecimal(&pack[at], rest < SchemaStore::kChunk ? rest : SchemaStore::kChunk)));
  }
  check("", console.begin("commit"));
  check("ok", console.finish());
  check("{" + built_in + ",\"pack\":{\"protocol\":\"ocpp2.0.1\",\"digest\":\"fedcba9876543210\",\"bytes\":" +
            std::to_string(pack.size()) + ",\"slot\":0}}",
        console.run(""));
  check("", console.begin("drop"));
  check("ok", console.finish());
  check("{" + built_in + "}", console.run(""));
}

void the_console_answers_with_the_error_of_the_store() {
  Flashes flashes;
  Rig rig(flashes);
  Console console{rig};
  check("error: schema: a pack has more than 64 bytes and fits into its slot", console.begin("begin 64"));
  check("error: schema: a pack has more than 64 bytes and fits into its slot",
        console.begin("begin 18446744073709551615"));
  check("error: schema: no pack was begun", console.begin("write 00"));
  check("error: schema: the pack is not complete", console.begin("commit"));
  check("ok", console.begin("begin 128"));
  flashes.first.cut_at(1, Tear::none);
  check("", console.begin("write " + std::string(256, '0')));
  check("error: schema: another operation is running, try again", console.begin("drop"));
  check("error: schema: the flash failed, begin the pack again", console.finish());
  flashes.storage.result = StorageResult::failed;
  check("error: schema: the record cannot be removed", console.run("drop"));
}

void the_console_rejects_wrong_arguments() {
  Flashes flashes;
  Rig rig(flashes);
  Console console{rig};
  for (const char* arguments : {"load", "begin", "begin 0x80", "begin -1", "begin 18446744073709551616", "write 0g",
                                "write 00 00", "commit now", "drop all", "Commit"}) {
    check("error: schema needs [begin <bytes>|write <hexadecimal>|commit|drop]", console.begin(arguments));
  }
  check("ok", console.begin("begin 200"));
  for (const std::string& digits : {std::string(255, '0'), std::string(258, '0')}) {
    check("error: schema write needs up to 128 bytes in hexadecimal", console.begin("write " + digits));
  }
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(a_pack_is_written_to_the_other_slot_and_used_after_a_restart);
  RUN_TEST(without_a_commit_the_old_pack_remains);
  RUN_TEST(a_damaged_pack_is_not_put_into_use);
  RUN_TEST(a_header_that_no_pack_has_is_rejected);
  RUN_TEST(a_pack_that_changes_on_the_flash_is_reported_and_not_used);
  RUN_TEST(another_valid_pack_in_the_slot_is_not_used);
  RUN_TEST(a_damaged_record_is_reported);
  RUN_TEST(the_listener_receives_the_pack_in_use);
  RUN_TEST(wrong_requests_have_errors);
  RUN_TEST(an_operation_that_cannot_start_changes_nothing);
  RUN_TEST(a_failure_of_the_flash_ends_the_new_pack);
  RUN_TEST(the_console_installs_shows_and_drops_a_pack);
  RUN_TEST(the_console_answers_with_the_error_of_the_store);
  RUN_TEST(the_console_rejects_wrong_arguments);
  return UNITY_END();
}
