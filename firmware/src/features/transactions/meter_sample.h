#pragma once

#include "core/json_writer.h"
#include "core/text.h"
#include "core/time.h"
#include "features/config/measurands.h"

namespace pb {

/// When something happened, as well as it was known then. The wall time can be worked out later as long as the same
/// boot lasts; `boot` tells whether it still does.
struct Stamp {
  uint32_t boot = 0;
  Millis at = 0;
  int64_t wall_ms = 0;     // since 1970, 0 while the time was not known at all
  bool from_csms = false;  // whether the CSMS had told it; if not, it may be behind by any time without power
};

/// ReadingContext (OCPP 1.6 section 7.33).
enum class ReadingContext : uint8_t {
  sample_periodic,
  sample_clock,
  transaction_begin,
  transaction_end,
  interruption_begin,
  interruption_end,
  trigger,
};

Text name_of(ReadingContext context);

/// What the meter showed at one moment: energy by its pulses, power by the time between them. Current and voltage it
/// cannot tell: the one is derived from the power and the nominal voltage, the other is the nominal voltage.
struct MeterReading {
  uint64_t energy_wh = 0;
  uint32_t power_w = 0;
};

/// A reading together with when and why it was taken.
struct MeterSample {
  Stamp stamp;
  MeterReading reading;
  ReadingContext context = ReadingContext::sample_periodic;
  Measurands measurands;
};

/// Writes the sampledValue array of a sample (OCPP 1.6 section 7.43).
/// @param nominal_voltage_v between the conductors; single phase
void write_sampled_values(JsonWriter& json, const MeterSample& sample, uint32_t nominal_voltage_v);

}  // namespace pb
