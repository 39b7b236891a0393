#pragma once

// The attributes that place code and data in RAM on a chip.

#define IRAM_ATTR
#define DRAM_ATTR
#define RTC_NOINIT_ATTR
