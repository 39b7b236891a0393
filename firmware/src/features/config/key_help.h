#pragma once

#include "core/json_writer.h"
#include "features/config/keys.h"

namespace pb {

/// Writes the row of the table for a key as one JSON object: names, group, type, limits, default, and its help text
/// (README.md). The row is the same for console, page and documentation.
void write_key_help(JsonWriter& json, const Key& key);

}  // namespace pb
