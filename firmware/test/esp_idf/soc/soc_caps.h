#pragma once

// What the chip has; a compiler option takes the pulse counter away.

#ifndef SOC_PCNT_SUPPORTED
#define SOC_PCNT_SUPPORTED 1
#endif
