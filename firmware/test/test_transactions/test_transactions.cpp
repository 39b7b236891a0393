#include <unity.h>

#include "suites.h"

void setUp() {}
void tearDown() {}

int main() {
  UNITY_BEGIN();
  run_queue_tests();
  run_offline_tests();
  run_times_tests();
  run_after_a_boot_tests();
  run_full_flash_tests();
  run_on_flash_tests();
  return UNITY_END();
}
