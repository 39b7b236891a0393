#include "port/posix/posix_rng.h"
#include "suites.h"
#include "support/check.h"

using namespace pb;
using namespace pb::posix;

namespace {

void a_seed_gives_the_same_numbers() {
  const std::unique_ptr<PosixRng> first = make_rng(77);
  const std::unique_ptr<PosixRng> again = make_rng(77);
  const std::unique_ptr<PosixRng> other = make_rng(78);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const uint32_t number = first->next();
    TEST_ASSERT_EQUAL_UINT32(number, again->next());
    differs |= number != other->next();
  }
  TEST_ASSERT_TRUE(differs);
}

}  // namespace

void run_rng_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(a_seed_gives_the_same_numbers);
}
