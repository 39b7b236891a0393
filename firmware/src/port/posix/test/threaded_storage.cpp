#include <string>

#include "features/storage/littlefs_storage.h"
#include "port/posix/posix_waker.h"
#include "port/posix/real_sleeper.h"
#include "port/posix/thread_worker.h"
#include "suites.h"
#include "support/check.h"
#include "support/ram_flash.h"

using namespace pb;
using namespace pb::posix;

namespace {

/// Storage whose jobs run in a thread, while the test is the loop.
struct Device {
  RamFlash flash{32};
  RealClock clock;
  RealSleeper sleeper{clock};
  WakeSources sources;
  PosixWaker waker{sleeper, sources};
  ThreadWorker worker{ThreadWorker::Time::real, clock, sleeper, waker};
  LittleFsStorage storage{flash, worker};
  int done = 0;
  int failed = 0;

  Device() {
    TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::ok), static_cast<int>(storage.mount()));
    storage.start();
  }
  bool write(Text name, const std::string& content) {
    return storage.write(name, Text(content.data(), content.size()).bytes(), note());
  }
  StorageDone note() {
    return {[](void* self, StorageResult result) {
              ++static_cast<Device*>(self)->done;
              if (result != StorageResult::ok) ++static_cast<Device*>(self)->failed;
            },
            this};
  }
  void sleep_and_deliver() {
    waker.sleep_until(kNever);
    worker.deliver();
  }
  std::string read(Text name) {
    uint8_t bytes[Storage::kMaxContent];
    size_t length = 0;
    TEST_ASSERT_EQUAL(static_cast<int>(StorageResult::ok), static_cast<int>(storage.read(name, bytes, length)));
    return std::string(reinterpret_cast<const char*>(bytes), length);
  }
};

// Under ThreadSanitizer (make tsan) this detects unprotected data shared by loop and worker.
void loop_may_post_jobs_while_others_run() {
  Device device;
  constexpr int kJobs = 300;
  int given = 0;
  while (device.done < kJobs) {
    const std::string content(static_cast<size_t>(1 + given * 37 % 1500), static_cast<char>('a' + given % 26));
    const bool is_removal = given % 10 == 9;
    const bool has_room =
        given < kJobs && (is_removal ? device.storage.remove(given % 20 == 9 ? "one" : "two", device.note())
                                     : device.write(given % 2 == 0 ? "one" : "two", content));
    if (has_room) {
      ++given;
    } else {
      device.sleep_and_deliver();
    }
  }
  TEST_ASSERT_EQUAL(0, device.failed);
  TEST_ASSERT_TRUE(device.write("one", "last"));
  while (device.storage.busy()) device.sleep_and_deliver();
  TEST_ASSERT_EQUAL_STRING("last", device.read("one").c_str());
}

}  // namespace

void run_threaded_storage_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(loop_may_post_jobs_while_others_run);
}
