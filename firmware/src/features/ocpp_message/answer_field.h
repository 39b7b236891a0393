#pragma once

#include "core/json_reader.h"

namespace pb {

// An answer of the CSMS cannot be rejected, so each field is read separately, as far as its meaning is clear.

/// Whether a field exists. Some CSMSs write null for an optional field that they omit.
inline bool is_given(JsonValue field) { return field.exists() && field.kind() != JsonKind::null; }

/// Reads an integer, also with an empty fraction (`4711.0`) or in a string (`"4711"`).
/// @return false, with `value` unchanged, when the field has another type or does not fit.
bool read_integer(JsonValue field, int64_t& value);

}  // namespace pb
