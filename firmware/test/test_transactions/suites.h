#pragma once

// One suite per file; test_transactions.cpp runs them all.

void run_queue_tests();
void run_offline_tests();
void run_times_tests();
void run_after_a_boot_tests();
void run_full_flash_tests();
void run_on_flash_tests();
