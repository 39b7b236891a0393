#pragma once

#include "core/span.h"

namespace pb {

/// Computes the CRC-32 of IEEE 802.3 (reflected, polynomial 0xEDB88320). To compute it in parts, pass the result of the
/// previous part as `before`.
uint32_t crc32(Bytes bytes, uint32_t before = 0);

}  // namespace pb
