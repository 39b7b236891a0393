#include <unity.h>

#include "suites.h"

void setUp() {}
void tearDown() {}

int main() {
  UNITY_BEGIN();
  run_boot_tests();
  run_charges_tests();
  run_remote_control_tests();
  run_configuration_tests();
  run_availability_tests();
  run_authorization_tests();
  run_requests_tests();
  run_answers_tests();
  run_time_tests();
  run_deferred_replies_tests();
  run_limits_tests();
  run_update_tests();
  run_local_list_tests();
  return UNITY_END();
}
