#include <unity.h>

#include "suites.h"

void setUp() {}
void tearDown() {}

int main() {
  UNITY_BEGIN();
  run_charge_tests();
  run_id_tag_tests();
  run_inputs_tests();
  run_states_tests();
  run_meter_tests();
  run_power_failure_tests();
  return UNITY_END();
}
