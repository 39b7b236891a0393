#pragma once

// One suite per file; test_charging.cpp runs them all.

void run_charge_tests();
void run_id_tag_tests();
void run_inputs_tests();
void run_states_tests();
void run_meter_tests();
void run_power_failure_tests();
