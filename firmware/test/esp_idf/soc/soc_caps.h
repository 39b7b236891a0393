#pragma once

// The peripherals of the chip; a compiler option takes the pulse counter away.

#ifndef SOC_PCNT_SUPPORTED
#define SOC_PCNT_SUPPORTED 1
#endif
