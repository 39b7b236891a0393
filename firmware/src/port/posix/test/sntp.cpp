#include "port/posix/posix_sntp.h"
#include "rig.h"
#include "suites.h"
#include "support/fake_waker.h"

using namespace pb;
using namespace pb::posix;

namespace {

constexpr int64_t kUnix = 1'795'860'000'000;

/// A client with a link; the test is the board.
struct Asking {
  RealClock real;
  Wires wires{real};
  FakeClock clock;
  FakeWaker waker{clock};
  PosixNetwork network{clock, waker};
  PosixSntp sntp{clock, waker, network, wires.link};

  Asking() {
    network.set_access_point(true, 0, 0);
    network.begin("Garage", "");
    sntp.start("ntp.example");
    check_asked(true);
  }
  void check_asked(bool expected) {
    TEST_ASSERT_EQUAL_STRING(expected ? "sntp ntp.example" : "",
                             wires.receive_message(expected ? kLimitMs : 0).c_str());
  }
  bool take() {
    SntpTime time;
    return sntp.take(time);
  }
};

void answer_wakes_the_loop_and_has_its_moment() {
  Asking asking;
  asking.clock.set(300);
  const int wakes = asking.waker.wakes;
  asking.sntp.answer(kUnix);
  TEST_ASSERT_EQUAL(wakes + 1, asking.waker.wakes);
  asking.clock.set(500);
  SntpTime time;
  TEST_ASSERT_TRUE(asking.sntp.take(time));
  TEST_ASSERT_EQUAL_INT64(kUnix, time.unix_ms);
  TEST_ASSERT_EQUAL_UINT64(300, time.at);
  TEST_ASSERT_FALSE(asking.sntp.take(time));
  TEST_ASSERT_EQUAL_UINT64(300 + PosixSntp::kUpdateInterval, asking.sntp.deadline());
}

void pauses_without_an_answer_grow() {
  Asking asking;
  for (const Millis due : {Millis{30'000}, Millis{75'000}, Millis{150'000}}) {
    TEST_ASSERT_EQUAL_UINT64(due, asking.sntp.deadline());
    asking.clock.set(due);
    TEST_ASSERT_FALSE(asking.take());
    asking.check_asked(true);
  }
}

void late_second_and_unlinked_answers_are_ignored() {
  Asking asking;
  asking.clock.set(PosixSntp::kAnswerLimit);
  asking.sntp.answer(kUnix);
  TEST_ASSERT_FALSE(asking.take());
  asking.clock.set(asking.sntp.deadline());
  asking.take();
  asking.sntp.answer(kUnix);
  TEST_ASSERT_TRUE(asking.take());
  asking.sntp.answer(kUnix);
  TEST_ASSERT_FALSE(asking.take());
  asking.clock.set(asking.sntp.deadline());
  asking.take();
  asking.sntp.answer(kUnix);
  asking.network.set_access_point(false, 0, 0);
  TEST_ASSERT_FALSE(asking.take());
}

void stopped_client_asks_no_more() {
  Asking asking;
  asking.sntp.stop();
  TEST_ASSERT_EQUAL_UINT64(kNever, asking.sntp.deadline());
  asking.clock.set(3'600'000);
  asking.sntp.answer(kUnix);
  TEST_ASSERT_FALSE(asking.take());
  asking.check_asked(false);
}

}  // namespace

void run_sntp_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(answer_wakes_the_loop_and_has_its_moment);
  RUN_TEST(pauses_without_an_answer_grow);
  RUN_TEST(late_second_and_unlinked_answers_are_ignored);
  RUN_TEST(stopped_client_asks_no_more);
}
