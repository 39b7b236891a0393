#pragma once

#include "port/system.h"

namespace pb::esp32 {

/// Fills `marks` with the tasks that run, ours and those of ESP-IDF. @return their number.
/// ESP-IDF: API reference, System, "FreeRTOS (IDF)": uxTaskGetStackHighWaterMark() counts bytes.
size_t task_stacks(Span<StackMark> marks);

/// Fills `times` with the same tasks. @return their number.
/// ESP-IDF: API reference, System, "FreeRTOS (IDF)": vTaskGetInfo(); the run-time statistics count microseconds.
size_t task_times(Span<TaskTime> times);

}  // namespace pb::esp32
