#pragma once

// The GPIO numbers of the logical signals. The build selects the board; the default is the ESP32-DevKitC. Lint compares
// each file with the bench descriptions of that board.
#if defined(PLUGBENCH_BOARD_ESP32C3_DEVKITM)
#include "features/board/boards/esp32c3-devkitm.h"
#else
#include "features/board/boards/esp32-devkitc.h"
#endif
