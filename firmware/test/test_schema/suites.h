#pragma once

// One suite per file; test_schema.cpp runs them all.

void run_format_tests();
void run_decimal_number_tests();
