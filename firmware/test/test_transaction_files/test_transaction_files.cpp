#include <stdio.h>
#include <unity.h>

#include <string>
#include <utility>
#include <vector>

#include "core/crc32.h"
#include "features/transactions/ledger_file.h"
#include "features/transactions/message_queue.h"
#include "features/transactions/numbered_files.h"
#include "features/transactions/saver.h"
#include "features/transactions/stop_data.h"
#include "support/fake_clock.h"
#include "support/fake_rng.h"
#include "support/fake_storage.h"
#include "support/fake_uart.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

constexpr Measurands kEnergy{Measurand::energy_active_import_register};

MeterSample reading(uint32_t boot, Millis at, uint64_t energy_wh, int64_t wall_ms = 0) {
  MeterSample sample;
  sample.stamp = {boot, at, wall_ms};
  sample.reading.energy_wh = energy_wh;
  sample.measurands = kEnergy;
  return sample;
}

// ---- numbered files

void numbered_files_are_found_in_order_and_others_are_ignored() {
  FakeStorage storage;
  for (const char* name : {"tx-0000000010", "tx-9", "tx-", "tx-1x", "tx-99999999999", "txd-0000000001", "ledger"}) {
    storage.files[name] = "x";
  }
  const NumberedFiles files(storage, "tx-");
  TEST_ASSERT_EQUAL_INT(2, files.end() - files.begin());
  TEST_ASSERT_EQUAL_UINT32(9, files.begin()[0]);
  TEST_ASSERT_EQUAL_UINT32(10, files.begin()[1]);
  const FileName name = numbered_file("tx-", 4294967295u);
  TEST_ASSERT_TRUE(name.text() == "tx-4294967295");
}

void files_beyond_the_limit_are_counted() {
  FakeStorage storage;
  for (uint32_t i = 0; i < NumberedFiles::kMax + 3; ++i) {
    const FileName name = numbered_file("tx-", i);
    storage.files[std::string(name.text().data, name.text().length)] = "x";
  }
  const NumberedFiles files(storage, "tx-");
  TEST_ASSERT_EQUAL_size_t(3, files.beyond());
  TEST_ASSERT_EQUAL_INT(NumberedFiles::kMax, files.end() - files.begin());
}

// ---- records and the ledger

IdTag longest_tag() {
  IdTag tag;
  tag.assign("\x01\x02\x03\x04\x05\x06\x07\x0b\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19");
  return tag;
}

constexpr Stamp kLongestStamp{UINT32_MAX, UINT64_MAX, INT64_MIN, false};

void longest_record_and_ledger_fit() {
  Record record;
  record.sequence = record.nonce = record.transaction = UINT32_MAX;
  record.stamp = kLongestStamp;
  record.energy_wh = UINT64_MAX;
  record.id_tag = longest_tag();
  record.reason = StopReason::ev_disconnected;
  char bytes[Ledger::kMaxEncoded];
  static_assert(Ledger::kMaxEncoded >= Record::kMaxEncoded, "the buffer fits both");
  Record read;
  record.type = Record::Type::stop;
  const Bytes content = record.encode({bytes, Record::kMaxEncoded}, &record);
  TEST_ASSERT_TRUE(read.decode(content));
  TEST_ASSERT_TRUE(read.id_tag.text() == record.id_tag.text());
  Record start;
  TEST_ASSERT_TRUE(start.decode_start(content));
  TEST_ASSERT_EQUAL(Record::Type::start, start.type);
  TEST_ASSERT_EQUAL_UINT32(UINT32_MAX, start.transaction);
  TEST_ASSERT_TRUE(start.id_tag.text() == record.id_tag.text());
  TEST_ASSERT_FALSE(start.decode_start(record.encode({bytes, Record::kMaxEncoded})));
  Ledger ledger;
  ledger.next_sequence = ledger.next_transaction = ledger.started = ledger.stopped = UINT32_MAX;
  ledger.batch = ledger.batch_sent = UINT32_MAX;
  ledger.transaction_id = INT64_MIN;
  ledger.energy_wh = ledger.meter_start_wh = UINT64_MAX;
  ledger.sampled = kLongestStamp;
  ledger.id_tag = ledger.parent_id_tag = longest_tag();
  Ledger read_ledger;
  TEST_ASSERT_TRUE(read_ledger.decode(ledger.encode(bytes)));
  TEST_ASSERT_EQUAL_UINT64(UINT64_MAX, read_ledger.energy_wh);
}

/// Returns a file with this JSON text and its CRC.
std::string sealed(const std::string& json) {
  char crc[10];
  snprintf(crc, sizeof crc, "%08x ", crc32(Text(json.data(), json.size()).bytes()));
  return crc + json;
}

template <class File>
bool can_be_read(const std::string& json) {
  const std::string content = sealed(json);
  return File().decode(Text(content.data(), content.size()).bytes());
}

/// Replaces each value of the object in turn by text that fits no member, and removes each member in turn.
template <class File>
void check_that_every_member_is_needed(const std::vector<std::pair<std::string, std::string>>& members) {
  const auto object = [&members](size_t at, const std::string& replacement) {
    std::string json;
    for (size_t i = 0; i < members.size(); ++i) {
      const std::string& value = i == at ? replacement : members[i].second;
      if (!value.empty()) json += (json.empty() ? "{\"" : ",\"") + members[i].first + "\":" + value;
    }
    return json + "}";
  };
  TEST_ASSERT_TRUE(can_be_read<File>(object(members.size(), "")));
  for (size_t i = 0; i < members.size(); ++i) {
    for (const char* replacement : {"", "null", "{}", "\"a text of more than twenty characters\""}) {
      TEST_ASSERT_FALSE_MESSAGE(can_be_read<File>(object(i, replacement)), (members[i].first + replacement).c_str());
    }
    if (members[i].second == "7") {
      TEST_ASSERT_FALSE_MESSAGE(can_be_read<File>(object(i, "4294967296")), members[i].first.c_str());
    }
  }
}

void record_with_a_damaged_member_is_damaged() {
  check_that_every_member_is_needed<Record>({{"seq", "7"},
                                             {"nonce", "7"},
                                             {"tx", "7"},
                                             {"type", "\"stop\""},
                                             {"at", "[7,8,9,true]"},
                                             {"wh", "10000000000"},
                                             {"tag", "\"TAG\""},
                                             {"reason", "\"Local\""}});
  const std::string rest = R"("seq":7,"nonce":7,"tx":7,"wh":1,"tag":"TAG",)";
  for (const char* end :
       {R"("at":[],"type":"stop","reason":"Local"})", R"("at":[7],"type":"stop","reason":"Local"})",
        R"("at":[7,8],"type":"stop","reason":"Local"})", R"("at":[7,8,9],"type":"pause","reason":"Local"})",
        R"("at":[7,8,9],"type":"stop","reason":"Bored"})"}) {
    TEST_ASSERT_FALSE_MESSAGE(can_be_read<Record>("{" + rest + end), end);
  }
  TEST_ASSERT_TRUE(can_be_read<Record>("{" + rest + R"("at":[7,8,9],"type":"start","reason":"Local"})"));
}

void ledger_with_a_damaged_member_is_damaged() {
  check_that_every_member_is_needed<Ledger>({{"next_seq", "7"},
                                             {"next_tx", "7"},
                                             {"started", "7"},
                                             {"id", "-10000000000"},
                                             {"stopped", "7"},
                                             {"wh", "10000000000"},
                                             {"sampled", "[7,8,9,true]"},
                                             {"batch", "7"},
                                             {"batch_sent", "7"},
                                             {"tag", "\"TAG\""},
                                             {"parent", "\"FLEET\""},
                                             {"from", "10000000000"},
                                             {"refused", "true"}});
}

void file_whose_crc_is_wrong_is_damaged() {
  std::string content =
      sealed(R"({"seq":7,"nonce":7,"tx":7,"at":[7,8,9],"wh":1,"tag":"","type":"stop","reason":"Local"})");
  Record record;
  TEST_ASSERT_TRUE(record.decode(Text(content.data(), content.size()).bytes()));
  TEST_ASSERT_FALSE_MESSAGE(record.decode_start(Text(content.data(), content.size()).bytes()), "it has no start");
  char bytes[Record::kMaxEncoded];
  TEST_ASSERT_FALSE_MESSAGE(record.decode_start(Record().encode(bytes, &record)), "it is no stop");
  for (size_t i = 0; i < content.size(); ++i) {
    std::string damaged = content;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    TEST_ASSERT_FALSE(record.decode(Text(damaged.data(), damaged.size()).bytes()));
    TEST_ASSERT_FALSE(record.decode(Text(content.data(), i).bytes()));
    TEST_ASSERT_FALSE(record.decode_start(Text(content.data(), i).bytes()));
  }
}

void file_that_does_not_fit_is_empty() {
  char bytes[32];
  TEST_ASSERT_TRUE(Record().encode(bytes).empty());
  TEST_ASSERT_TRUE(Ledger().encode(bytes).empty());
}

void ledger_is_behind_one_with_a_higher_number() {
  const Ledger ledger;
  TEST_ASSERT_FALSE(ledger.is_behind(ledger));
  Ledger later[4];
  later[0].next_sequence = 2;
  later[1].started = 1;
  later[2].stopped = 1;
  later[3].energy_wh = 1;
  for (const Ledger& one : later) {
    TEST_ASSERT_TRUE(ledger.is_behind(one));
    TEST_ASSERT_FALSE(one.is_behind(ledger));
  }
}

void ledger_stores_the_source_of_its_time() {
  Ledger ledger;
  ledger.sampled = {7, 1'000, 1'700'000'000'000, true};
  ledger.energy_wh = 42;
  char bytes[Ledger::kMaxEncoded];
  const Bytes content = ledger.encode(bytes);
  Ledger read;
  TEST_ASSERT_TRUE(read.decode(content));
  TEST_ASSERT_TRUE(read.sampled.from_csms);
  std::string text(reinterpret_cast<const char*>(content.data) + 9, content.length - 9);
  const std::string added = ",true]";
  text.replace(text.find(added), added.size(), "]");
  char crc[10];
  snprintf(crc, sizeof crc, "%08x ", crc32(Text(text.c_str()).bytes()));
  text.insert(0, crc);
  TEST_ASSERT_TRUE(read.decode(Text(text.c_str()).bytes()));
  TEST_ASSERT_FALSE(read.sampled.from_csms);
  TEST_ASSERT_EQUAL_UINT64(42, read.energy_wh);
  TEST_ASSERT_EQUAL_INT64(1'700'000'000'000, read.sampled.wall_ms);
}

/// Files that change often should cost a small commit: above 512 bytes they need a block of their own.
void longest_ledger_fits_inside_the_directory() {
  Ledger ledger;
  ledger.next_sequence = ledger.next_transaction = ledger.started = ledger.stopped = UINT32_MAX;
  ledger.batch = ledger.batch_sent = UINT32_MAX;
  ledger.transaction_id = ledger.last_sent_ms = ledger.start_sent_ms = INT64_MIN;
  ledger.energy_wh = ledger.meter_start_wh = UINT64_MAX;
  ledger.sampled = kLongestStamp;
  ledger.id_tag.assign("12345678901234567890");
  ledger.parent_id_tag = ledger.id_tag;
  char bytes[Ledger::kMaxEncoded];
  const Bytes content = ledger.encode(bytes);
  TEST_ASSERT_TRUE(content.length + FileHeader::kSize <= 512);
  Ledger read;
  TEST_ASSERT_TRUE(read.decode(content));
  TEST_ASSERT_EQUAL_INT64(INT64_MIN, read.last_sent_ms);
  TEST_ASSERT_EQUAL_INT64(INT64_MIN, read.start_sent_ms);
}

void ledger_of_an_earlier_version_has_no_last_sent_time() {
  Ledger read;
  read.last_sent_ms = read.start_sent_ms = 7;
  std::string text =
      "{\"next_seq\":3,\"next_tx\":2,\"started\":1,\"id\":77,\"stopped\":1,\"wh\":5,\"sampled\":[574995807,700,"
      "1714564800700,"
      "true],\"batch\":0,\"batch_sent\":0,\"tag\":\"BENCH-TAG\",\"parent\":\"FAMILY\",\"from\":0,\"refused\":false}";
  text.insert(0, "42470a60 ");
  TEST_ASSERT_TRUE(read.decode(Text(text.c_str()).bytes()));
  TEST_ASSERT_EQUAL_INT64(0, read.last_sent_ms);
  TEST_ASSERT_EQUAL_INT64(0, read.start_sent_ms);
  TEST_ASSERT_EQUAL_INT64(77, read.transaction_id);
}

// ---- the ledger's file

struct LedgerRig {
  FakeClock clock;
  FakeUart uart;
  Logger log{clock, uart};
  FakeStorage storage;
  LedgerFile file{storage, log};

  /// Writes the file and its copy as far as they are outdated, as the first boot does.
  void save() {
    while (file.dirty()) {
      TEST_ASSERT_TRUE(file.write({}));
      storage.run_all();
      file.written(true);
    }
  }
};

void register_is_saved_every_hundred_wh_and_never_decreases() {
  LedgerRig rig;
  rig.save();
  rig.file.note_energy(99);
  TEST_ASSERT_FALSE(rig.file.dirty());
  rig.file.note_energy(100);
  TEST_ASSERT_TRUE(rig.file.dirty());
  TEST_ASSERT_TRUE(rig.file.write({}));
  rig.storage.run_all();
  rig.file.written(true);
  TEST_ASSERT_EQUAL_UINT64(100, rig.file.saved().energy_wh);
  rig.file.save_energy(50);
  TEST_ASSERT_FALSE(rig.file.dirty());
  TEST_ASSERT_EQUAL_UINT64(100, rig.file.now().energy_wh);
  LedgerFile next(rig.storage, rig.log);
  next.load();
  TEST_ASSERT_EQUAL_UINT64(100, next.now().energy_wh);
}

void change_during_a_write_and_failed_write_keep_the_ledger_dirty() {
  LedgerRig rig;
  rig.file.save_energy(10);
  TEST_ASSERT_TRUE(rig.file.write({}));
  rig.file.save_energy(20);
  rig.file.written(true);
  TEST_ASSERT_TRUE(rig.file.dirty());
  TEST_ASSERT_EQUAL_UINT64_MESSAGE(10, rig.file.saved().energy_wh, "the written value, without the later change");
  TEST_ASSERT_TRUE(rig.file.write({}));
  rig.file.written(false);
  TEST_ASSERT_TRUE(rig.file.dirty());
  TEST_ASSERT_EQUAL_UINT64(10, rig.file.saved().energy_wh);
}

void damaged_ledger_is_reported_and_ignored() {
  LedgerRig rig;
  rig.storage.files["ledger"] = "00000000 {}";
  rig.file.load();
  TEST_ASSERT_EQUAL_UINT32(1, rig.file.now().next_transaction);
  TEST_ASSERT_TRUE(rig.uart.wrote("the ledger is damaged"));
}

// ---- readings for a StopTransaction

void full_readings_are_halved_but_the_first_stays() {
  LedgerRig rig;
  StopData data(rig.storage, rig.log);
  data.begin();
  for (unsigned i = 0; i < 100; ++i) data.keep(3, reading(1, 1000 * i, i));
  MeterBatch scratch;
  const MeterBatch* kept = data.find(3, scratch);
  TEST_ASSERT_NOT_NULL(kept);
  TEST_ASSERT_EQUAL_UINT64(0, (*kept)[0].reading.energy_wh);
  TEST_ASSERT_EQUAL_UINT64(99, kept->last().reading.energy_wh);
  TEST_ASSERT_NULL_MESSAGE(data.find(4, scratch), "another transaction");
}

void readings_of_an_earlier_transaction_are_read_from_its_file() {
  LedgerRig rig;
  StopData data(rig.storage, rig.log);
  data.begin();
  data.keep(3, reading(1, 0, 30));
  TEST_ASSERT_TRUE(data.dirty());
  TEST_ASSERT_TRUE(data.write({}));
  rig.storage.run_all();
  data.written(true);
  data.begin();
  data.keep(4, reading(1, 5, 40));
  MeterBatch scratch;
  const MeterBatch* earlier = data.find(3, scratch);
  TEST_ASSERT_NOT_NULL(earlier);
  TEST_ASSERT_EQUAL_UINT64(30, earlier->last().reading.energy_wh);
  TEST_ASSERT_EQUAL_UINT64(40, data.find(4, scratch)->last().reading.energy_wh);
  data.remove(3);
  rig.storage.run_all();
  TEST_ASSERT_NULL(data.find(3, scratch));
}

void readings_of_a_damaged_file_are_reported_as_lost() {
  LedgerRig rig;
  StopData data(rig.storage, rig.log);
  rig.storage.files["txd-0000000003"] = "no readings";
  MeterBatch scratch;
  TEST_ASSERT_NULL(data.find(3, scratch));
  TEST_ASSERT_TRUE(rig.uart.wrote("the transactionData of transaction 3 is lost: its file is damaged"));
}

void readings_after_a_cut_follow_earlier_ones_by_wall_time() {
  LedgerRig rig;
  StopData data(rig.storage, rig.log);
  data.begin();
  data.keep(3, reading(1, 9'000, 10, 1'700'000'000'000));
  data.keep(3, reading(2, 500, 20, 1'700'000'060'000));
  MeterBatch scratch;
  const MeterBatch* kept = data.find(3, scratch);
  TEST_ASSERT_EQUAL_size_t(2, kept->count());
  TEST_ASSERT_EQUAL_UINT64(69'000, kept->last().stamp.at);
}

// Until the CSMS sends the time the clock continues from its last value: it may be behind earlier readings.
void readings_after_a_cut_are_kept_with_any_clock() {
  LedgerRig rig;
  StopData data(rig.storage, rig.log);
  data.begin();
  data.keep(3, reading(1, 9'000, 10, 1'700'000'000'000));
  data.keep(3, reading(1, 9'500, 20, 1'700'000'000'500));
  data.keep(3, reading(2, 600, 30, 1'699'999'000'000));
  data.keep(3, reading(2, 700, 40, 0));
  MeterBatch scratch;
  const MeterBatch* kept = data.find(3, scratch);
  TEST_ASSERT_EQUAL_size_t(4, kept->count());
  TEST_ASSERT_EQUAL_INT64(1'700'000'000'500, kept->last().stamp.wall_ms);
  data.keep(3, reading(2, 5'000, 50, 1'700'000'060'500));
  kept = data.find(3, scratch);
  TEST_ASSERT_EQUAL_size_t(5, kept->count());
  TEST_ASSERT_EQUAL_UINT64(69'500, kept->last().stamp.at);
}

void readings_before_a_cut_get_the_time_known_after_it() {
  LedgerRig rig;
  StopData data(rig.storage, rig.log);
  data.begin();
  data.keep(3, reading(1, 9'000, 10, 0));
  data.keep(3, reading(1, 9'500, 20, 0));
  data.keep(3, reading(2, 600, 30, 0));
  data.keep(3, reading(2, 5'000, 40, 1'700'000'005'000));
  MeterBatch scratch;
  const MeterBatch* kept = data.find(3, scratch);
  TEST_ASSERT_EQUAL_size_t(4, kept->count());
  TEST_ASSERT_EQUAL_INT64_MESSAGE(1'700'000'000'000, (*kept)[1].stamp.wall_ms, "the start of the boot");
  TEST_ASSERT_EQUAL_INT64(1'699'999'999'500, (*kept)[0].stamp.wall_ms);
  TEST_ASSERT_EQUAL_INT64(1'700'000'005'000, kept->last().stamp.wall_ms);
}

// ---- order of the jobs

struct SaverRig : LedgerRig {
  FakeRng rng;
  MeterBatch scratch;
  MessageQueue queue{storage, rng, scratch, log};
  StopData data{storage, log};
  Saver saver{queue, file, data, log};
  Record record;

  WaitingMessage* add(Record::Type type) {
    record.type = type;
    record.transaction = 1;
    return queue.add(record, file.now().next_sequence, clock.now());
  }
  /// Runs the pending job. @return whether there was one.
  bool step() {
    saver.poll(clock.now());
    return storage.run_one();
  }
  bool has(const char* name) const { return storage.files.count(name) != 0; }
};

void transaction_data_is_saved_before_its_stop_and_removed_after_it() {
  SaverRig rig;
  rig.save();
  rig.data.keep(1, reading(1, 0, 1));
  WaitingMessage* stop = rig.add(Record::Type::stop);
  stop->has_data = true;
  TEST_ASSERT_TRUE(rig.step());
  TEST_ASSERT_TRUE(rig.has("txd-0000000001"));
  TEST_ASSERT_FALSE(rig.has("tx-0000000001"));
  TEST_ASSERT_TRUE(rig.step());
  TEST_ASSERT_TRUE(rig.has("tx-0000000001"));
  rig.queue.finish(*stop);
  TEST_ASSERT_TRUE(rig.step());
  TEST_ASSERT_TRUE_MESSAGE(rig.has("ledger") && rig.has("tx-0000000001"), "the file prevents reuse of its number");
  TEST_ASSERT_TRUE(rig.step());
  TEST_ASSERT_FALSE(rig.has("tx-0000000001"));
  rig.storage.run_all();
  TEST_ASSERT_FALSE(rig.has("txd-0000000001"));
  TEST_ASSERT_FALSE_MESSAGE(rig.step(), "no job is left");
}

void failed_transaction_data_delays_no_message() {
  SaverRig rig;
  rig.data.keep(1, reading(1, 0, 1));
  rig.storage.result = StorageResult::full;
  TEST_ASSERT_TRUE(rig.step());
  TEST_ASSERT_TRUE_MESSAGE(rig.data.dirty(), "the write is retried");
  rig.storage.result = StorageResult::ok;
  rig.add(Record::Type::start);
  rig.add(Record::Type::stop);
  rig.step();
  rig.step();
  TEST_ASSERT_TRUE(rig.has("tx-0000000001") && rig.has("tx-0000000002"));
  TEST_ASSERT_FALSE(rig.has("txd-0000000001"));
  rig.clock.advance(Saver::kRetryPause);
  while (rig.step()) {
  }
  TEST_ASSERT_TRUE(rig.has("txd-0000000001"));
}

void lost_readings_are_logged() {
  LedgerRig rig;
  StopData data(rig.storage, rig.log);
  for (uint32_t i = 1; i <= StopData::kMaxInMemory; ++i) {
    data.begin();
    data.keep(i, reading(1, 0, i));
  }
  TEST_ASSERT_TRUE(data.write({}));  // being written is not saved
  data.begin();
  TEST_ASSERT_TRUE(rig.uart.wrote("the transactionData of transaction 1 is lost"));
  data.written(false);
  TEST_ASSERT_FALSE(data.has(1));
  TEST_ASSERT_TRUE(data.has(2));
}

void failed_job_is_retried_after_a_pause() {
  SaverRig rig;
  rig.file.save_energy(5);
  rig.storage.result = StorageResult::full;
  TEST_ASSERT_TRUE(rig.step());
  TEST_ASSERT_TRUE(rig.uart.wrote("cannot write to flash: no space left"));
  TEST_ASSERT_EQUAL_UINT64(rig.clock.now() + Saver::kRetryPause, rig.saver.poll(rig.clock.now()));
  TEST_ASSERT_FALSE(rig.step());
  rig.storage.result = StorageResult::ok;
  rig.clock.advance(Saver::kRetryPause);
  TEST_ASSERT_TRUE(rig.step());
  TEST_ASSERT_TRUE(rig.has("ledger"));
}

void removal_does_not_wait_for_a_failed_write() {
  SaverRig rig;
  rig.save();
  WaitingMessage* start = rig.add(Record::Type::start);
  WaitingMessage* stop = rig.add(Record::Type::stop);
  TEST_ASSERT_TRUE(rig.step());
  TEST_ASSERT_TRUE(rig.step());
  TEST_ASSERT_TRUE_MESSAGE(rig.step(), "the start has a copy");
  rig.file.save_energy(1);
  TEST_ASSERT_TRUE_MESSAGE(rig.step(), "the ledger has their numbers");
  rig.file.now().started = 1;
  rig.file.touch();
  rig.queue.finish(*start);
  rig.storage.result = StorageResult::full;
  TEST_ASSERT_TRUE(rig.step());
  rig.storage.result = StorageResult::ok;
  TEST_ASSERT_FALSE_MESSAGE(rig.step(), "only its file has the start's id");
  rig.file.now().stopped = 1;
  rig.queue.finish(*stop);
  TEST_ASSERT_TRUE(rig.step());
  TEST_ASSERT_FALSE_MESSAGE(rig.has("tx-0000000001"), "its transaction is closed");
  TEST_ASSERT_FALSE_MESSAGE(rig.step(), "without the stop's file the transaction would be left open");
  rig.clock.advance(Saver::kRetryPause);
  TEST_ASSERT_TRUE(rig.step());
  TEST_ASSERT_TRUE_MESSAGE(rig.step(), "the copy of the ledger");
  TEST_ASSERT_TRUE(rig.step());
  TEST_ASSERT_FALSE(rig.has("tx-0000000002"));
}

void merged_file_stays_until_the_other_is_saved() {
  SaverRig rig;
  for (unsigned i = 0; i < 3 * MeterBatch::kMaxSamples; ++i) {
    TEST_ASSERT_TRUE(rig.queue.add(reading(7, 60'000 * i, 0), 1, rig.file.now().next_sequence, rig.clock.now()));
    while (rig.step()) {
    }
  }
  rig.file.save_energy(1);
  TEST_ASSERT_TRUE(rig.step());
  TEST_ASSERT_TRUE(rig.queue.thin_out());
  rig.storage.result = StorageResult::full;
  TEST_ASSERT_TRUE(rig.step());
  rig.storage.result = StorageResult::ok;
  TEST_ASSERT_FALSE(rig.step());
  TEST_ASSERT_TRUE(rig.has("tx-0000000003"));
  rig.clock.advance(Saver::kRetryPause);
  TEST_ASSERT_TRUE(rig.step());
  TEST_ASSERT_TRUE(rig.step());
  TEST_ASSERT_FALSE(rig.has("tx-0000000003"));
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(numbered_files_are_found_in_order_and_others_are_ignored);
  RUN_TEST(files_beyond_the_limit_are_counted);
  RUN_TEST(longest_record_and_ledger_fit);
  RUN_TEST(longest_ledger_fits_inside_the_directory);
  RUN_TEST(ledger_of_an_earlier_version_has_no_last_sent_time);
  RUN_TEST(ledger_stores_the_source_of_its_time);
  RUN_TEST(register_is_saved_every_hundred_wh_and_never_decreases);
  RUN_TEST(change_during_a_write_and_failed_write_keep_the_ledger_dirty);
  RUN_TEST(damaged_ledger_is_reported_and_ignored);
  RUN_TEST(full_readings_are_halved_but_the_first_stays);
  RUN_TEST(readings_of_an_earlier_transaction_are_read_from_its_file);
  RUN_TEST(readings_of_a_damaged_file_are_reported_as_lost);
  RUN_TEST(readings_after_a_cut_follow_earlier_ones_by_wall_time);
  RUN_TEST(readings_after_a_cut_are_kept_with_any_clock);
  RUN_TEST(readings_before_a_cut_get_the_time_known_after_it);
  RUN_TEST(transaction_data_is_saved_before_its_stop_and_removed_after_it);
  RUN_TEST(failed_transaction_data_delays_no_message);
  RUN_TEST(lost_readings_are_logged);
  RUN_TEST(failed_job_is_retried_after_a_pause);
  RUN_TEST(removal_does_not_wait_for_a_failed_write);
  RUN_TEST(merged_file_stays_until_the_other_is_saved);
  RUN_TEST(record_with_a_damaged_member_is_damaged);
  RUN_TEST(ledger_with_a_damaged_member_is_damaged);
  RUN_TEST(file_whose_crc_is_wrong_is_damaged);
  RUN_TEST(file_that_does_not_fit_is_empty);
  RUN_TEST(ledger_is_behind_one_with_a_higher_number);
  return UNITY_END();
}
