#pragma once

#include <stdint.h>

namespace pb {

/// Milliseconds of the device's monotonic clock; 0 is the start of the program.
using Millis = uint64_t;
using Micros = uint64_t;

/// A deadline that never comes.
constexpr Millis kNever = UINT64_MAX;

/// Signed, like wall time.
constexpr int64_t kMillisPerDay = 86'400'000;

constexpr Millis earlier(Millis a, Millis b) { return a < b ? a : b; }

}  // namespace pb
