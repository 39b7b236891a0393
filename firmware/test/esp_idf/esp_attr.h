#pragma once

// What puts code and data into RAM on a chip.

#define IRAM_ATTR
#define DRAM_ATTR
#define RTC_NOINIT_ATTR
