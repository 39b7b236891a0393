#pragma once

#include "core/json_reader.h"

namespace pb {

// An answer of the CSMS cannot be refused, so each field of it is read by itself, and as far as its meaning is clear.

/// Whether a field is there. Many a CSMS writes an optional field that it leaves out as null.
inline bool is_given(JsonValue field) { return field.exists() && field.kind() != JsonKind::null; }

/// Reads an integer; also one that is written with an empty fraction (`4711.0`) or in a string (`"4711"`).
/// @return false, with `value` unchanged, when the field is something else or does not fit.
bool read_integer(JsonValue field, int64_t& value);

}  // namespace pb
