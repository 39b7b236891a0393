#include "app/image_trial.h"
#include "rig.h"
#include "suites.h"

using namespace pb;

namespace {

/// A device at the first boot of an update.
struct Updated : Rig {
  explicit Updated(bool can_reach_the_csms) {
    reachable = can_reach_the_csms;
    system.on_trial = true;
    boot();
  }
};

void update_is_confirmed_when_the_csms_accepts_it() {
  Updated rig(true);
  TEST_ASSERT_EQUAL(0, rig.system.confirms);
  rig.settle();
  TEST_ASSERT_EQUAL(1, rig.system.confirms);
  rig.clock.advance(ImageTrial::kLimit);
  rig.settle();
  TEST_ASSERT_FALSE(rig.app->restart_requested());
  TEST_ASSERT_EQUAL(1, rig.system.confirms);
}

void update_without_acceptance_restarts_unconfirmed() {
  Updated rig(false);
  rig.clock.set(ImageTrial::kLimit - 1);
  rig.settle();
  TEST_ASSERT_FALSE(rig.app->restart_requested());
  rig.clock.set(ImageTrial::kLimit);
  rig.app->run_once();
  TEST_ASSERT_TRUE(rig.app->restart_requested());
  TEST_ASSERT_EQUAL(0, rig.system.confirms);
}

void confirmed_image_is_not_changed() {
  Rig rig;
  rig.reachable = false;
  rig.clock.advance(2 * ImageTrial::kLimit);
  rig.settle();
  TEST_ASSERT_FALSE(rig.app->restart_requested());
  TEST_ASSERT_EQUAL(0, rig.system.confirms);
}

}  // namespace

void run_update_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(update_is_confirmed_when_the_csms_accepts_it);
  RUN_TEST(update_without_acceptance_restarts_unconfirmed);
  RUN_TEST(confirmed_image_is_not_changed);
}
