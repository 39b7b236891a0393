#pragma once

#include "core/json_reader.h"

namespace pb {

// An answer of the CSMS cannot be rejected, so each field is read separately, as far as its meaning is clear.

/// Whether a field exists. Some CSMSs write null for an optional field that they omit.
inline bool is_given(JsonValue field) { return field.exists() && field.kind() != JsonKind::null; }

/// Reads a number whose value is an integer (`4711`, `4711.0`, `1e3`), also in a string (`"4711"`). The schemas of OCPP
/// 1.6 declare JSON Schema draft 4, in which `4711.0` and `1e3` are no integers; from draft 6 on they are.
/// @return false, with `value` unchanged, when the field has another type or does not fit.
bool read_integer(JsonValue field, int64_t& value);

}  // namespace pb
