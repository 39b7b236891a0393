#include "port/posix/thread_worker.h"

#include <future>

#include "stepped_rig.h"
#include "suites.h"

using namespace pb;
using namespace pb::posix;

namespace {

/// A job of the worker that records its calls for the test.
struct Work {
  std::promise<void> may_end;
  Blocker* blocker = nullptr;
  Micros blocks_until = 0;
  std::thread::id ran_in;
  int done = 0;

  Job job() {
    return {[](void* self) { static_cast<Work*>(self)->run(); }, [](void* self) { ++static_cast<Work*>(self)->done; },
            this};
  }
  void run() {
    ran_in = std::this_thread::get_id();
    if (blocker != nullptr) return blocker->block_until(blocks_until);
    may_end.get_future().wait();
  }
};

struct SteppedWorker {
  SteppedChip chip;
  ThreadWorker worker{ThreadWorker::Time::stepped, chip.time.clock(), chip.time.sleeper(), chip.waker};

  SteppedWorker() { chip.sources.add(worker); }
};

void a_job_runs_in_another_thread_and_its_end_wakes_the_loop() {
  SteppedWorker bench;
  Work work;
  TEST_ASSERT_TRUE(bench.worker.post(work.job()));
  TEST_ASSERT_FALSE(bench.worker.deliver());
  work.may_end.set_value();
  bench.chip.waker.sleep_until(kNever);
  TEST_ASSERT_TRUE(bench.worker.deliver());
  TEST_ASSERT_EQUAL(1, work.done);
  TEST_ASSERT_TRUE(work.ran_in != std::this_thread::get_id());
}

void too_many_jobs_are_rejected() {
  SteppedWorker bench;
  Work works[ThreadWorker::kMaxJobs + 1];
  for (size_t i = 0; i < ThreadWorker::kMaxJobs; ++i) TEST_ASSERT_TRUE(bench.worker.post(works[i].job()));
  TEST_ASSERT_FALSE(bench.worker.post(works[ThreadWorker::kMaxJobs].job()));
  for (Work& work : works) work.may_end.set_value();
  for (int done = 0; done < static_cast<int>(ThreadWorker::kMaxJobs);) {
    bench.chip.waker.sleep_until(kNever);
    bench.worker.deliver();
    done = 0;
    for (const Work& work : works) done += work.done;
  }
}

void device_is_not_idle_while_a_job_runs() {
  SteppedWorker bench;
  Work work;
  bench.worker.post(work.job());
  std::thread loop([&bench] {
    bench.chip.waker.sleep_until(250);
    bench.worker.deliver();
    bench.chip.waker.sleep_until(kNever);
  });
  bench.chip.bench.send_message("ask 1");
  TEST_ASSERT_EQUAL_STRING("", next_message(bench.chip.bench.link, 100).c_str());
  work.may_end.set_value();
  TEST_ASSERT_EQUAL_STRING("idle 1 never 0", bench.chip.bench.receive_message().c_str());
  bench.chip.waker.wake();
  loop.join();
  TEST_ASSERT_EQUAL(1, work.done);
}

void job_that_blocks_for_a_time_is_a_deadline_of_the_idle_device() {
  SteppedWorker bench;
  Work work;
  work.blocker = &bench.worker.blocker();
  work.blocks_until = 400'000;
  bench.worker.post(work.job());
  std::thread loop([&bench, &work] {
    while (work.done == 0) {
      bench.chip.waker.sleep_until(kNever);
      bench.worker.deliver();
    }
  });
  const std::string end = std::to_string(Bench::kStart + 400'000'000);
  TEST_ASSERT_EQUAL_STRING(("idle 0 " + end + " 0").c_str(), bench.chip.bench.receive_message().c_str());
  bench.chip.bench.set(Bench::kStart + 400'000'000);
  bench.chip.bench.send_message("wake");
  loop.join();
  TEST_ASSERT_EQUAL(1, work.done);
  TEST_ASSERT_EQUAL_UINT64(400'000, *bench.worker.worked());
}

}  // namespace

void run_thread_worker_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(a_job_runs_in_another_thread_and_its_end_wakes_the_loop);
  RUN_TEST(too_many_jobs_are_rejected);
  RUN_TEST(device_is_not_idle_while_a_job_runs);
  RUN_TEST(job_that_blocks_for_a_time_is_a_deadline_of_the_idle_device);
}
