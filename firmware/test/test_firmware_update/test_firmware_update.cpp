#include <unity.h>

#include "features/firmware_update/firmware_update.h"
#include "support/check.h"
#include "support/fake_clock.h"
#include "support/fake_system.h"
#include "support/fake_uart.h"
#include "support/fake_updates.h"
#include "support/fake_worker.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

struct Rig {
  FakeClock clock;
  FakeUart uart;
  Logger log{clock, uart};
  FakeWorker worker;
  FakeSystem system;
  FakeUpdates updates;
  FirmwareUpdate update{updates, system, worker, log};

  /// Gives the update all bytes that it takes; the worker works whenever it may. @return how many it has taken
  size_t feed(const std::string& bytes) {
    size_t taken = 0;
    MutableBytes space;
    while (taken < bytes.size() && update.space(space)) {
      if (space.empty()) {
        if (!worker.deliver()) break;
        continue;
      }
      const size_t count = bytes.copy(reinterpret_cast<char*>(space.data), space.length, taken);
      update.take(count);
      taken += count;
    }
    worker.deliver_all();
    return taken;
  }
  void check_problem(UpdateProblem expected, UpdateProblem actual) const {
    TEST_ASSERT_EQUAL_STRING(str(name_of(expected)).c_str(), str(name_of(actual)).c_str());
  }
};

void an_image_is_written_whole_and_chosen() {
  Rig rig;
  const std::string image = FakeUpdates::make(3 * FirmwareUpdate::kPiece + 5);
  rig.check_problem(UpdateProblem::none, rig.update.begin(image.size()));
  TEST_ASSERT_EQUAL(image.size(), rig.feed(image));
  TEST_ASSERT_TRUE(image == rig.updates.image);
  TEST_ASSERT_TRUE(rig.updates.is_chosen);
  TEST_ASSERT_TRUE(rig.update.is_complete());
  rig.check_problem(UpdateProblem::waits_for_restart, rig.update.begin(image.size()));
}

void a_file_is_rejected_before_its_first_byte() {
  Rig rig;
  rig.check_problem(UpdateProblem::too_large, rig.update.begin(rig.updates.slot_size + 1));
  rig.check_problem(UpdateProblem::no_image, rig.update.begin(23));
  rig.system.on_trial = true;
  rig.check_problem(UpdateProblem::on_trial, rig.update.begin(1000));
  rig.system.on_trial = false;
  rig.check_problem(UpdateProblem::none, rig.update.begin(1000));
  rig.check_problem(UpdateProblem::busy, rig.update.begin(1000));
  rig.updates.slot_size = 0;
  rig.check_problem(UpdateProblem::unsupported, rig.update.begin(1000));
}

void a_wrong_head_is_rejected_before_an_erase() {
  Rig rig;
  std::string image = FakeUpdates::make(1000);
  image[12] = 5;
  rig.update.begin(image.size());
  TEST_ASSERT_EQUAL(FirmwareUpdate::kPiece, rig.feed(image));
  rig.check_problem(UpdateProblem::other_chip, rig.update.problem());
  rig.update.begin(1000);
  rig.feed(std::string(1000, 'x'));
  rig.check_problem(UpdateProblem::no_image, rig.update.problem());
  TEST_ASSERT_EQUAL_STRING("", rig.updates.image.c_str());
  TEST_ASSERT_FALSE(rig.update.busy());
}

void a_rejection_of_the_port_ends_the_attempt_and_the_next_one_may_succeed() {
  Rig rig;
  const std::string image = FakeUpdates::make(1000);
  rig.updates.verdict = UpdateResult::damaged;
  rig.update.begin(image.size());
  rig.feed(image);
  rig.check_problem(UpdateProblem::damaged, rig.update.problem());
  rig.updates.verdict = UpdateResult::ok;
  rig.updates.writes = UpdateResult::failed;
  rig.update.begin(image.size());
  TEST_ASSERT_LESS_THAN(image.size(), rig.feed(image));
  rig.check_problem(UpdateProblem::flash_failed, rig.update.problem());
  rig.updates.writes = UpdateResult::ok;
  rig.update.begin(image.size());
  rig.feed(image);
  TEST_ASSERT_TRUE(rig.update.is_complete());
  TEST_ASSERT_EQUAL(2, rig.updates.aborts);
}

/// Also while the worker has a piece: the attempt ends after its job.
void an_image_that_stops_is_forgotten() {
  Rig rig;
  const std::string image = FakeUpdates::make(1000);
  rig.update.begin(image.size());
  rig.feed(image.substr(0, 300));
  rig.worker.hold = true;
  rig.feed(image.substr(300, 300));
  rig.update.end();
  TEST_ASSERT_TRUE(rig.update.busy());
  rig.worker.hold = false;
  rig.worker.deliver_all();
  TEST_ASSERT_FALSE(rig.update.busy());
  TEST_ASSERT_EQUAL(1, rig.updates.aborts);
  rig.update.begin(image.size());
  rig.feed(image);
  TEST_ASSERT_TRUE(rig.update.is_complete());
}

void a_caller_that_leaves_after_the_last_byte_changes_nothing() {
  Rig rig;
  const std::string image = FakeUpdates::make(1000);
  rig.update.begin(image.size());
  rig.feed(image.substr(0, 900));
  rig.worker.hold = true;
  rig.feed(image.substr(900));
  rig.update.end();
  rig.worker.hold = false;
  rig.worker.deliver_all();
  TEST_ASSERT_TRUE(rig.update.is_complete());
}

void a_full_queue_of_the_worker_delays_a_piece() {
  Rig rig;
  const std::string image = FakeUpdates::make(1000);
  rig.update.begin(image.size());
  rig.worker.full = true;
  TEST_ASSERT_EQUAL(FirmwareUpdate::kPiece, rig.feed(image));
  rig.worker.full = false;
  rig.update.poll();
  rig.worker.deliver_all();
  rig.feed(image.substr(FirmwareUpdate::kPiece));
  TEST_ASSERT_TRUE(image == rig.updates.image);
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(an_image_is_written_whole_and_chosen);
  RUN_TEST(a_file_is_rejected_before_its_first_byte);
  RUN_TEST(a_wrong_head_is_rejected_before_an_erase);
  RUN_TEST(a_rejection_of_the_port_ends_the_attempt_and_the_next_one_may_succeed);
  RUN_TEST(an_image_that_stops_is_forgotten);
  RUN_TEST(a_caller_that_leaves_after_the_last_byte_changes_nothing);
  RUN_TEST(a_full_queue_of_the_worker_delays_a_piece);
  return UNITY_END();
}
