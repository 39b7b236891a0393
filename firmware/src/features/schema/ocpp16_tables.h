#pragma once

#include "core/span.h"

namespace pb {

/// SHA-256 of the schemas that the built-in tables were made from.
extern const uint8_t kOcpp16Digest[32];

/// Returns the tables of OCPP 1.6 with its security extension, which the firmware contains.
Bytes ocpp16_tables();

}  // namespace pb
