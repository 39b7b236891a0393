#pragma once

// One suite per file; test_posix.cpp runs them all.

void run_heap_tests();
void run_interlock_tests();
void run_clock_tests();
void run_flash_tests();
void run_secrets_tests();
void run_wires_tests();
void run_network_tests();
void run_console_tests();
void run_edges_tests();
void run_emergency_stop_tests();
void run_stepped_sleep_tests();
void run_thread_worker_tests();
void run_threaded_storage_tests();
void run_watchdog_tests();
void run_ota_data_tests();
void run_retained_memory_tests();
void run_rng_tests();
void run_sntp_tests();
void run_updates_tests();
void run_command_line_tests();
