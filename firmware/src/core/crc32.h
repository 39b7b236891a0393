#pragma once

#include "core/span.h"

namespace pb {

/// CRC-32 as of IEEE 802.3 (reflected, polynomial 0xEDB88320). Pass the result of one part as `before` of the next.
uint32_t crc32(Bytes bytes, uint32_t before = 0);

}  // namespace pb
