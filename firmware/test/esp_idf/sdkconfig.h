#pragma once

// The options that the port reads; a compiler option turns Ethernet on.

#ifndef CONFIG_ETH_USE_OPENETH
#define CONFIG_ETH_USE_OPENETH 0
#endif
#define CONFIG_ESP_BROWNOUT_DET 1
#define CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ 160
#define CONFIG_IDF_FIRMWARE_CHIP_ID 0x0000
#define CONFIG_PLUGBENCH_TEST_CONTROLS 1
#define CONFIG_IDF_TARGET_ARCH_XTENSA 1
