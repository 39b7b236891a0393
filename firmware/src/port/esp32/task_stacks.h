#pragma once

#include "port/system.h"

namespace pb::esp32 {

/// Fills `marks` with the tasks that run, ours and those of ESP-IDF. @return their number.
/// ESP-IDF: API reference, System, "FreeRTOS (IDF)": uxTaskGetStackHighWaterMark() counts bytes.
size_t task_stacks(Span<StackMark> marks);

}  // namespace pb::esp32
