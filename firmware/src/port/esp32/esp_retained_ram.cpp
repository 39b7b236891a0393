#include "port/esp32/esp_retained_ram.h"

#include <esp_attr.h>

namespace pb::esp32 {

namespace {

// The linker places it into the section that survives; an object on the heap or in the chip's struct would not.
alignas(8) RTC_NOINIT_ATTR uint8_t retained[RetainedRam::kSize];

}  // namespace

MutableBytes EspRetainedRam::bytes() { return retained; }

}  // namespace pb::esp32
