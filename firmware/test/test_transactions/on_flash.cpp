#include "features/storage/littlefs_storage.h"
#include "rig.h"
#include "suites.h"
#include "support/fake_worker.h"
#include "support/ram_flash.h"

using namespace pb;

namespace {

/// The whole thing on littlefs on NOR flash, cut at a flash operation.
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
  uint64_t energy_promised = 0;  // by what the CSMS was told

  /// @return false when the power failed on the way.
  bool boot(Transactions::LeftOpen left_open = Transactions::LeftOpen::end) {
    clock.advance(1000);
    now.reset(new Boot(flash, clock, ++boots * 1013));
    now->storage.mount();
    if (flash.dead()) return false;
    now->device.load(left_open);
    now->storage.start();
    now->device.set_time();
    TEST_ASSERT_GREATER_OR_EQUAL_UINT64_MESSAGE(energy_promised, tx().energy_wh(), "the energy register went back");
    return !flash.dead();
  }
  Transactions& tx() { return now->device.transactions; }

  /// Lets flash and CSMS work until there is nothing to do. @return false when the power failed.
  bool work() {
    for (int round = 0; round < 1000; ++round) {
      tx().poll(clock.now());
      bool stored = now->worker.deliver();
      if (flash.dead()) return false;
      bool sent = online && now->device.exchange(csms);
      if (sent && !csms.messages.empty()) energy_promised = static_cast<uint64_t>(csms.messages.back().energy);
      if (!stored && !sent) return true;
    }
    TEST_FAIL_MESSAGE("the device never comes to rest");
    return false;
  }

  /// Two charges, of which each message is followed by the next when it is safe. Offline they are sent in the end.
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

/// The bound of samples that wait, measured on littlefs on the real partition.
void storage_holds_the_samples_that_are_promised() {
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
  TEST_ASSERT_TRUE(rig.boot());  // cut: ended with PowerLoss
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

/// After the last cut everything is sent, nothing is lost that the CSMS knows of, and no file is left behind.
void assert_recovered(Rig& rig) {
  rig.online = true;
  TEST_ASSERT_TRUE(rig.work());
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_size_t(0, rig.tx().outbox().size());
  TEST_ASSERT_EQUAL_UINT32_MESSAGE(0, rig.tx().dropped(), "nothing may be given up");
  TEST_ASSERT_LESS_OR_EQUAL_size_t_MESSAGE(1, rig.files(), "only the ledger stays");
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

/// Lets the device try again what failed.
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

/// A file that the ledger covers goes, so that there is room; what only the file tells stays.
void full_flash_gets_room_by_removing_what_was_answered() {
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
  TEST_ASSERT_EQUAL_size_t_MESSAGE(2, record_files(rig), "the start, for its id, and what came after the ledger");
  TEST_ASSERT_TRUE(rig.boot());  // cut: ended with PowerLoss
  TEST_ASSERT_TRUE(work_on(rig));
  rig.flash.full = false;
  TEST_ASSERT_TRUE(work_on(rig));
  rig.csms.assert_in_order();
  TEST_ASSERT_EQUAL_size_t(3 + 10 * MeterBatch::kMaxSamples, rig.csms.messages.size());
  assert_recovered(rig);
}

/// The flash was full when the charge began, and takes it later: from then on a cut loses nothing of it.
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

/// A charge whose StopTransaction is on flash and ready to be sent, for the only time.
void charge_up_to_the_stop(Rig& rig) {
  TEST_ASSERT_TRUE(rig.boot());
  TEST_ASSERT_TRUE(rig.tx().begin("TAG", 0, rig.clock.now()));
  TEST_ASSERT_TRUE(rig.work());
  rig.online = false;
  rig.tx().end(StopReason::local, "", 25, rig.clock.now());
  TEST_ASSERT_TRUE(rig.work());
  rig.tx().set_retries({1, 1000});
}

/// Its transaction neither goes on nor is ended once more, at whatever operation the power fails.
void power_cut_at_every_flash_operation_of_a_stop_that_is_given_up() {
  uint64_t operations = 0;
  for (uint64_t cut = 0; cut <= operations; ++cut) {
    for (Tear tear : kTears) {
      Rig rig;
      charge_up_to_the_stop(rig);
      const uint64_t before = rig.flash.operations();
      if (cut > 0) rig.flash.cut_at(cut, tear, static_cast<uint32_t>(cut));
      rig.now->device.refuse(rig.csms);
      TEST_ASSERT_EQUAL(cut == 0, rig.work());
      if (cut == 0) operations = rig.flash.operations() - before;
      rig.flash.power_on();
      TEST_ASSERT_TRUE(rig.boot(Transactions::LeftOpen::keep));
      TEST_ASSERT_FALSE_MESSAGE(rig.tx().open(), "an ended charge goes on");
      assert_recovered(rig);
      TEST_ASSERT_EQUAL_size_t(3, rig.csms.count("StopTransaction"));
    }
  }
  TEST_ASSERT_GREATER_OR_EQUAL_UINT64_MESSAGE(2, operations, "the ledger, and the file that goes");
}

}  // namespace

void run_on_flash_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(storage_holds_the_samples_that_are_promised);
  RUN_TEST(power_cut_at_every_flash_operation);
  RUN_TEST(power_cut_at_every_flash_operation_of_offline_charges);
  RUN_TEST(second_cut_at_every_operation_of_the_recovery);
  RUN_TEST(full_flash_gets_room_by_removing_what_was_answered);
  RUN_TEST(power_cut_at_every_flash_operation_after_a_full_flash);
  RUN_TEST(power_cut_at_every_flash_operation_of_a_stop_that_is_given_up);
}
