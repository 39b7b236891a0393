#include "features/storage/littlefs_storage.h"
#include "rig.h"
#include "suites.h"
#include "support/fake_worker.h"
#include "support/ram_flash.h"

using namespace pb;

namespace {

/// The feature on littlefs on NOR flash, with a power cut at a flash operation.
struct Rig {
  RamFlash flash;
  FakeClock clock;
  Csms csms;
  uint32_t boots = 0;
  bool online = true;

  struct Boot {
    FakeWorker worker;
    LittleFsStorage storage;
    Device device;
    Boot(RamFlash& flash, FakeClock& clock, uint32_t seed) : storage(flash, worker), device(storage, clock, seed) {}
  };
  std::unique_ptr<Boot> now;
  uint64_t energy_promised = 0;  // the highest reading that the CSMS has

  /// @return false when the power failed before the end.
  bool boot(Transactions::LeftOpen left_open = Transactions::LeftOpen::end) {
    clock.advance(1000);
    now.reset(new Boot(flash, clock, ++boots * 1013));
    now->storage.mount();
    if (flash.dead()) return false;
    now->device.load(left_open);
    now->storage.start();
    now->device.set_time();
    TEST_ASSERT_GREATER_OR_EQUAL_UINT64_MESSAGE(energy_promised, tx().energy_wh(), "the energy register decreased");
    return !flash.dead();
  }
  Transactions& tx() { return now->device.transactions; }

  /// Runs flash and CSMS until they are idle. @return false when the power failed before.
  bool work() {
    for (int round = 0; round < 1000; ++round) {
      tx().poll(clock.now());
      bool stored = now->worker.deliver();
      if (flash.dead()) return false;
      bool sent = online && now->device.exchange(csms);
      if (sent && !csms.messages.empty()) energy_promised = static_cast<uint64_t>(csms.messages.back().energy);
      if (!stored && !sent) return true;
    }
    TEST_FAIL_MESSAGE("the device does not become idle");
    return false;
  }

  /// Makes two charges; each message waits until the previous one is stored. Offline they are sent at the end.
  bool charge() {
    for (unsigned i = 0; i < 2; ++i) {
      uint64_t energy = tx().energy_wh();
      if (!tx().begin(i == 0 ? "ONE" : "TWO", energy, clock.now()) || !work()) return false;
      for (unsigned k = 1; k <= 2; ++k) {
        clock.advance(60'000);
        now->device.sample(energy + 10 * k);
        if (!work()) return false;
      }
      clock.advance(1'000);
      tx().end(StopReason::local, "", energy + 25, clock.now());
      if (!work()) return false;
    }
    online = true;
    return work();
  }

  size_t files() {
    size_t count = 0;
    now->storage.list("", [](void* counter, Text) { ++*static_cast<size_t*>(counter); }, &count);
    return count;
  }
};

/// The limit of pending samples, measured on littlefs on the real partition.
void storage_holds_the_documented_number_of_samples() {
  Rig rig;
  rig.online = false;
  TEST_ASSERT_TRUE(rig.boot());
  TEST_ASSERT_TRUE(rig.tx().begin("TAG", 0, rig.clock.now()));
  for (uint64_t i = 1; i <= MessageQueue::kMaxSamples; ++i) {
    rig.clock.advance(60'000);
    rig.now->device.sample(i);
    TEST_ASSERT_TRUE(rig.work());
  }
  TEST_ASSERT_LESS_THAN_size_t_MESSAGE(72, rig.now->storage.blocks_in_use(), "half of the partition's blocks");
  TEST_ASSERT_TRUE(rig.boot());  // the power cut ends it with PowerLoss
  rig.online = true;
  for (size_t i = 0; i < MessageQueue::kMaxSamples + 10; ++i) {
    rig.tx().poll(rig.clock.now());
    rig.now->worker.deliver();
    rig.now->device.exchange(rig.csms);
  }
  TEST_ASSERT_TRUE(rig.work());
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_size_t(MessageQueue::kMaxSamples, rig.csms.count("MeterValues"));
  TEST_ASSERT_EQUAL_UINT32(0, rig.tx().dropped());
}

constexpr Tear kTears[] = {Tear::none, Tear::half, Tear::random};

uint64_t operations_of_a_charge(bool online) {
  Rig rig;
  rig.online = online;
  TEST_ASSERT_TRUE(rig.boot());
  uint64_t before = rig.flash.operations();
  TEST_ASSERT_TRUE(rig.charge());
  TEST_ASSERT_EQUAL_size_t(8, rig.csms.messages.size());
  rig.csms.assert_in_order();
  return rig.flash.operations() - before;
}

/// Verifies that after the last cut everything is sent, nothing that the CSMS has is lost, and no file is left.
void assert_recovered(Rig& rig) {
  rig.online = true;
  TEST_ASSERT_TRUE(rig.work());
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_size_t(0, rig.tx().outbox().size());
  TEST_ASSERT_EQUAL_UINT32_MESSAGE(0, rig.tx().dropped(), "no message may be dropped");
  TEST_ASSERT_LESS_OR_EQUAL_size_t_MESSAGE(3, rig.files(), "only the ledger and the two copies stay");
  size_t messages = rig.csms.messages.size();
  TEST_ASSERT_TRUE(rig.charge());
  TEST_ASSERT_EQUAL_size_t(messages + 8, rig.csms.messages.size());
  rig.csms.assert_in_order();
}

void cut_at_every_operation(bool online) {
  uint64_t operations = operations_of_a_charge(online);
  TEST_ASSERT_GREATER_THAN_UINT64(20, operations);
  for (uint64_t cut = 1; cut <= operations; ++cut) {
    for (Tear tear : kTears) {
      Rig rig;
      TEST_ASSERT_TRUE(rig.boot());
      rig.online = online;
      rig.flash.cut_at(cut, tear, static_cast<uint32_t>(cut));
      TEST_ASSERT_FALSE(rig.charge());
      rig.flash.power_on();
      TEST_ASSERT_TRUE(rig.boot());
      assert_recovered(rig);
    }
  }
}

void power_cut_at_every_flash_operation() { cut_at_every_operation(true); }

void power_cut_at_every_flash_operation_of_offline_charges() { cut_at_every_operation(false); }

void second_cut_at_every_operation_of_the_recovery() {
  uint64_t operations = operations_of_a_charge(true);
  for (uint64_t cut = 1; cut <= operations; cut += 3) {
    for (uint64_t second = 1;; ++second) {
      Rig rig;
      Tear tear = kTears[(cut + second) % 3];
      TEST_ASSERT_TRUE(rig.boot());
      rig.flash.cut_at(cut, tear, static_cast<uint32_t>(cut));
      TEST_ASSERT_FALSE(rig.charge());
      rig.flash.power_on();
      rig.flash.cut_at(second, tear, static_cast<uint32_t>(second));
      bool whole = rig.boot() && rig.work();
      rig.flash.power_on();
      if (!whole) TEST_ASSERT_TRUE(rig.boot());
      assert_recovered(rig);
      if (whole) break;
    }
  }
}

/// Runs the device until its failed jobs are retried.
bool work_on(Rig& rig) {
  for (int i = 0; i < 6; ++i) {
    if (!rig.work()) return false;
    rig.clock.advance(Saver::kRetryPause);
  }
  return true;
}

size_t record_files(Rig& rig) {
  size_t count = 0;
  rig.now->storage.list(MessageQueue::kPrefix, [](void* counter, Text) { ++*static_cast<size_t*>(counter); }, &count);
  return count;
}

/// A file that the ledger covers is removed to free space; a file with unique information stays.
void full_flash_removes_answered_files() {
  Rig rig;
  rig.online = false;
  TEST_ASSERT_TRUE(rig.boot());
  TEST_ASSERT_TRUE(rig.tx().begin("TAG", 0, rig.clock.now()));
  const auto sample = [&rig](uint64_t energy_wh) {
    rig.clock.advance(60'000);
    rig.now->device.sample(energy_wh);
    TEST_ASSERT_TRUE(rig.work());
  };
  for (uint64_t i = 1; i <= 10 * MeterBatch::kMaxSamples; ++i) sample(i);
  rig.tx().save_energy(1'000);
  TEST_ASSERT_TRUE(rig.work());
  sample(1'001);
  TEST_ASSERT_EQUAL_size_t(12, record_files(rig));
  rig.flash.full = true;
  rig.online = true;
  TEST_ASSERT_TRUE(work_on(rig));
  TEST_ASSERT_EQUAL_size_t(0, rig.tx().outbox().size());
  TEST_ASSERT_EQUAL_size_t_MESSAGE(2, record_files(rig), "the start, for its id, and the files newer than the ledger");
  TEST_ASSERT_TRUE(rig.boot());  // the power cut ends it with PowerLoss
  TEST_ASSERT_TRUE(work_on(rig));
  rig.flash.full = false;
  TEST_ASSERT_TRUE(work_on(rig));
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_size_t(3 + 10 * MeterBatch::kMaxSamples, rig.csms.messages.size());
  assert_recovered(rig);
}

/// The flash is full at the start of the charge, and accepts writes later: from then on a cut loses nothing.
void power_cut_at_every_flash_operation_after_a_full_flash() {
  for (bool online : {true, false}) {
    uint64_t operations = 0;
    for (uint64_t cut = 0; cut <= operations; ++cut) {
      for (Tear tear : kTears) {
        Rig rig;
        TEST_ASSERT_TRUE(rig.boot());
        rig.online = online;
        rig.flash.full = true;
        TEST_ASSERT_TRUE(rig.tx().begin("TAG", 0, rig.clock.now()));
        TEST_ASSERT_TRUE(work_on(rig));
        if (online) rig.tx().end(StopReason::local, "", 0, rig.clock.now());
        TEST_ASSERT_TRUE(work_on(rig));
        rig.flash.full = false;
        const uint64_t before = rig.flash.operations();
        if (cut > 0) rig.flash.cut_at(cut, tear, static_cast<uint32_t>(cut));
        bool saved = work_on(rig);
        bool ended = false;
        if (saved && !online) {
          rig.tx().end(StopReason::local, "", 10, rig.clock.now());
          ended = work_on(rig);
        }
        TEST_ASSERT_EQUAL(cut == 0, saved && (online || ended));
        if (cut == 0) operations = rig.flash.operations() - before;
        rig.flash.power_on();
        TEST_ASSERT_TRUE(rig.boot());
        rig.online = true;
        TEST_ASSERT_TRUE(rig.work());
        if (online || saved) TEST_ASSERT_EQUAL_size_t(1, rig.csms.count("StopTransaction"));
        assert_recovered(rig);
      }
    }
    TEST_ASSERT_GREATER_OR_EQUAL_UINT64(1, operations);
  }
}

/// Makes a charge whose StopTransaction is on flash and ready for its only attempt.
void charge_up_to_the_stop(Rig& rig) {
  TEST_ASSERT_TRUE(rig.boot());
  TEST_ASSERT_TRUE(rig.tx().begin("TAG", 0, rig.clock.now()));
  TEST_ASSERT_TRUE(rig.work());
  rig.online = false;
  rig.tx().end(StopReason::local, "", 25, rig.clock.now());
  TEST_ASSERT_TRUE(rig.work());
  rig.tx().set_retries({1, 1000});
}

/// The transaction is neither continued nor ended again after a power cut at any operation.
void power_cut_at_every_flash_operation_of_a_dropped_stop() {
  uint64_t operations = 0;
  for (uint64_t cut = 0; cut <= operations; ++cut) {
    for (Tear tear : kTears) {
      Rig rig;
      charge_up_to_the_stop(rig);
      const uint64_t before = rig.flash.operations();
      if (cut > 0) rig.flash.cut_at(cut, tear, static_cast<uint32_t>(cut));
      rig.now->device.reject(rig.csms);
      TEST_ASSERT_EQUAL(cut == 0, rig.work());
      if (cut == 0) operations = rig.flash.operations() - before;
      rig.flash.power_on();
      TEST_ASSERT_TRUE(rig.boot(Transactions::LeftOpen::keep));
      TEST_ASSERT_FALSE_MESSAGE(rig.tx().open(), "an ended charge continues");
      assert_recovered(rig);
      TEST_ASSERT_EQUAL_size_t(3, rig.csms.count("StopTransaction"));
    }
  }
  TEST_ASSERT_GREATER_OR_EQUAL_UINT64_MESSAGE(2, operations, "the ledger, and the removed file");
}

}  // namespace

void run_on_flash_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(storage_holds_the_documented_number_of_samples);
  RUN_TEST(power_cut_at_every_flash_operation);
  RUN_TEST(power_cut_at_every_flash_operation_of_offline_charges);
  RUN_TEST(second_cut_at_every_operation_of_the_recovery);
  RUN_TEST(full_flash_removes_answered_files);
  RUN_TEST(power_cut_at_every_flash_operation_after_a_full_flash);
  RUN_TEST(power_cut_at_every_flash_operation_of_a_dropped_stop);
}
