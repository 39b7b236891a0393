#include <unity.h>

#include "features/transactions/message_queue.h"
#include "support/fake_clock.h"
#include "support/fake_rng.h"
#include "support/fake_storage.h"
#include "support/fake_uart.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

using State = WaitingMessage::State;

/// A queue whose storage jobs are run by the test.
struct Rig {
  FakeClock clock;
  FakeUart uart;
  Logger log{clock, uart};
  FakeRng rng;
  FakeStorage storage;
  MeterBatch scratch;
  MessageQueue queue{storage, rng, scratch, log};
  uint32_t next_sequence = 1;

  WaitingMessage* add(Record::Type type, uint32_t transaction = 1) {
    Record record;
    record.type = type;
    record.transaction = transaction;
    return queue.add(record, next_sequence, clock.now());
  }
  bool sample(uint64_t minute, uint32_t transaction = 1, int64_t wall_ms = 0) {
    MeterSample sample;
    sample.stamp = {7, minute * 60'000, wall_ms};
    sample.reading.energy_wh = minute;
    sample.measurands = {Measurand::energy_active_import_register};
    return queue.add(sample, transaction, next_sequence, clock.now());
  }
  void store(WaitingMessage& entry) {
    TEST_ASSERT_TRUE(queue.write(entry, {}));
    storage.run_all();
    queue.written(entry, true);
  }
  void store_all() {
    for (WaitingMessage& entry : queue) {
      if (entry.state == State::unsaved) store(entry);
    }
  }
};

void record_can_be_read_before_and_after_it_is_stored() {
  Rig rig;
  WaitingMessage* start = rig.add(Record::Type::start, 42);
  TEST_ASSERT_NOT_NULL(start);
  TEST_ASSERT_FALSE(rig.queue.all_stored());
  Record before;
  TEST_ASSERT_TRUE(rig.queue.read(*start, before));
  rig.store(*start);
  TEST_ASSERT_TRUE(rig.queue.write_copy(*start, {}));
  rig.storage.run_all();
  rig.queue.copied(*start);
  TEST_ASSERT_TRUE(rig.queue.all_stored());
  Record after;
  TEST_ASSERT_TRUE(rig.queue.read(*start, after));
  TEST_ASSERT_EQUAL_UINT32(42, after.transaction);
  TEST_ASSERT_EQUAL_UINT32(before.nonce, after.nonce);
  for (auto& [name, content] : rig.storage.files) content[12] ^= 1;
  TEST_ASSERT_FALSE_MESSAGE(rig.queue.read(*start, after), "its file is damaged, and so is the copy");
}

void samples_share_a_file_until_it_is_full_or_another_transaction_begins() {
  Rig rig;
  for (unsigned i = 0; i < MeterBatch::kMaxSamples; ++i) TEST_ASSERT_TRUE(rig.sample(i));
  TEST_ASSERT_EQUAL_size_t(1, rig.queue.files());
  TEST_ASSERT_TRUE(rig.sample(100));
  TEST_ASSERT_EQUAL_size_t(2, rig.queue.files());
  TEST_ASSERT_TRUE(rig.sample(101, 2));
  TEST_ASSERT_EQUAL_size_t(3, rig.queue.files());
  TEST_ASSERT_EQUAL_size_t(MeterBatch::kMaxSamples + 2, rig.queue.waiting());
}

void batch_is_rewritten_for_a_sample_during_its_write() {
  Rig rig;
  TEST_ASSERT_TRUE(rig.sample(1));
  WaitingMessage& batch = *rig.queue.begin();
  TEST_ASSERT_TRUE(rig.queue.write(batch, {}));
  TEST_ASSERT_TRUE(rig.sample(2));
  rig.queue.written(batch, true);
  TEST_ASSERT_EQUAL(State::unsaved, batch.state);
  rig.store(batch);
  TEST_ASSERT_EQUAL(State::saved, batch.state);
}

void unsaved_messages_stay_in_memory_until_it_is_full() {
  Rig rig;
  for (size_t i = 0; i < MessageQueue::kMaxUnsaved; ++i) {
    WaitingMessage* entry = rig.add(Record::Type::start);
    TEST_ASSERT_NOT_NULL(entry);
    TEST_ASSERT_TRUE(rig.queue.write(*entry, {}));
    rig.queue.written(*entry, false);
    TEST_ASSERT_TRUE(entry->unsavable);
    Record record;
    TEST_ASSERT_TRUE(rig.queue.read(*entry, record));
    rig.storage.forget_jobs();
  }
  TEST_ASSERT_TRUE(rig.queue.all_stored());
  TEST_ASSERT_FALSE(rig.queue.takes_transaction());
  TEST_ASSERT_NULL(rig.add(Record::Type::stop));
  TEST_ASSERT_EQUAL_UINT32(1, rig.queue.lost());
  TEST_ASSERT_TRUE(rig.uart.wrote("was lost: no room"));
}

void last_file_is_reserved_for_the_stop() {
  Rig rig;
  TEST_ASSERT_NOT_NULL(rig.add(Record::Type::start));
  rig.store_all();
  uint64_t minute = 0;
  while (rig.sample(minute)) {
    rig.store_all();
    ++minute;
  }
  TEST_ASSERT_EQUAL_size_t(1, rig.queue.room());
  TEST_ASSERT_NOT_NULL(rig.add(Record::Type::stop));
  TEST_ASSERT_EQUAL_size_t(0, rig.queue.room());
}

void thinning_keeps_first_and_last_neighbours_and_never_the_front() {
  Rig rig;
  for (unsigned i = 0; i < 3 * MeterBatch::kMaxSamples; ++i) {
    TEST_ASSERT_TRUE(rig.sample(i));
    rig.store_all();
  }
  TEST_ASSERT_EQUAL_size_t(3, rig.queue.files());
  TEST_ASSERT_TRUE(rig.queue.thin_out());
  TEST_ASSERT_EQUAL(MeterBatch::kMaxSamples, rig.queue.begin()[0].count);
  TEST_ASSERT_EQUAL(State::removing, rig.queue.begin()[2].state);
  MeterBatch merged;
  TEST_ASSERT_TRUE(rig.queue.read(rig.queue.begin()[1], merged));
  TEST_ASSERT_EQUAL_UINT64(3 * MeterBatch::kMaxSamples - 1, merged.last().reading.energy_wh);
  TEST_ASSERT_EQUAL_UINT32(MeterBatch::kMaxSamples, rig.queue.lost());
  TEST_ASSERT_FALSE_MESSAGE(rig.queue.thin_out(), "one at a time");
}

/// Adds a sample per minute from `minute` on, twice the capacity of the queue, and thins it out.
/// @return the number of rejected samples.
unsigned overfill(Rig& rig, uint64_t minute) {
  unsigned lost = 0;
  for (size_t i = 0; i < 2 * MessageQueue::kMaxSamples; ++i) {
    if (rig.queue.room() < MessageQueue::kSpare) rig.queue.thin_out();
    rig.store_all();
    for (size_t k = rig.queue.files(); k-- > 0;) {
      const WaitingMessage& entry = rig.queue.begin()[k];
      if (entry.state == State::removing) rig.queue.erase(entry);
    }
    if (!rig.sample(minute++)) ++lost;
    rig.store_all();
  }
  return lost;
}

/// A clock that is set for the first time, and again by a month: neighbouring batches cannot be merged.
void batches_that_cannot_be_merged_use_no_memory() {
  constexpr int64_t kMonth = 30 * 86'400'000LL;
  Rig rig;
  constexpr unsigned kClocks = MessageQueue::kMaxBatches + 3;
  for (unsigned i = 0; i < kClocks; ++i) {
    TEST_ASSERT_TRUE(rig.sample(i, 1, kMonth * i));
    rig.store_all();
  }
  TEST_ASSERT_EQUAL_size_t(kClocks, rig.queue.files());
  TEST_ASSERT_EQUAL(0, overfill(rig, kClocks));
}

void damaged_batches_are_not_thinned_out_and_do_not_block_others() {
  Rig rig;
  uint64_t minute = 0;
  for (; rig.queue.files() < 30; ++minute) {
    TEST_ASSERT_TRUE(rig.sample(minute));
    rig.store_all();
  }
  unsigned file = 0;
  for (auto& [name, content] : rig.storage.files) {
    if (++file % 4 == 2) content[20] ^= 1;
  }
  TEST_ASSERT_EQUAL(0, overfill(rig, minute));
}

void nothing_to_thin_out_without_batches() {
  Rig rig;
  TEST_ASSERT_FALSE(rig.queue.thin_out());
  rig.add(Record::Type::start);
  rig.add(Record::Type::stop);
  rig.store_all();
  TEST_ASSERT_FALSE(rig.queue.thin_out());
}

void finished_message_is_not_the_front_and_frees_its_place() {
  Rig rig;
  for (unsigned i = 0; i < 3; ++i) rig.add(Record::Type::start);
  rig.store_all();
  rig.queue.finish(*rig.queue.front());
  TEST_ASSERT_EQUAL_UINT32(2, rig.queue.front()->sequence);
  TEST_ASSERT_EQUAL_size_t(2, rig.queue.waiting());
  rig.queue.erase(*rig.queue.begin());
  TEST_ASSERT_EQUAL_size_t(2, rig.queue.files());
  TEST_ASSERT_NULL(rig.queue.find(1));
  TEST_ASSERT_EQUAL_UINT32(3, rig.queue.find(3)->sequence);
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(record_can_be_read_before_and_after_it_is_stored);
  RUN_TEST(samples_share_a_file_until_it_is_full_or_another_transaction_begins);
  RUN_TEST(batch_is_rewritten_for_a_sample_during_its_write);
  RUN_TEST(unsaved_messages_stay_in_memory_until_it_is_full);
  RUN_TEST(last_file_is_reserved_for_the_stop);
  RUN_TEST(thinning_keeps_first_and_last_neighbours_and_never_the_front);
  RUN_TEST(batches_that_cannot_be_merged_use_no_memory);
  RUN_TEST(damaged_batches_are_not_thinned_out_and_do_not_block_others);
  RUN_TEST(nothing_to_thin_out_without_batches);
  RUN_TEST(finished_message_is_not_the_front_and_frees_its_place);
  return UNITY_END();
}
