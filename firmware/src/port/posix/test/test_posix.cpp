#include <unity.h>

#include "suites.h"

void setUp() {}
void tearDown() {}

int main() {
  UNITY_BEGIN();
  run_heap_tests();
  run_interlock_tests();
  run_clock_tests();
  run_flash_tests();
  run_secrets_tests();
  run_wires_tests();
  run_network_tests();
  run_console_tests();
  run_edges_tests();
  run_emergency_stop_tests();
  run_stepped_sleep_tests();
  run_thread_worker_tests();
  run_threaded_storage_tests();
  run_watchdog_tests();
  run_ota_data_tests();
  run_retained_memory_tests();
  run_rng_tests();
  run_sntp_tests();
  run_updates_tests();
  run_command_line_tests();
  return UNITY_END();
}
