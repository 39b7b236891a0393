#pragma once

// One suite per file; test_charge_point.cpp runs them all.

void run_boot_tests();
void run_charges_tests();
void run_remote_control_tests();
void run_configuration_tests();
void run_availability_tests();
void run_authorization_tests();
void run_requests_tests();
void run_answers_tests();
void run_time_tests();
void run_deferred_replies_tests();
void run_limits_tests();
void run_update_tests();
void run_local_list_tests();
