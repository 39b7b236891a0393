#pragma once

#include "core/json_writer.h"
#include "core/text.h"
#include "core/time.h"
#include "features/config/measurands.h"

namespace pb {

/// The time of an event as far as it was known then. The wall time can be calculated later within the same boot, which
/// `boot` identifies.
struct Stamp {
  uint32_t boot = 0;
  Millis at = 0;
  int64_t wall_ms = 0;     // milliseconds since 1970; 0: unknown
  bool from_csms = false;  // false: the time may be behind by any duration without power
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

/// A reading of the meter: energy from its pulses, power from the time between them. Current is derived from the power
/// and the nominal voltage, and the voltage is the nominal one.
struct MeterReading {
  uint64_t energy_wh = 0;
  uint32_t power_w = 0;
};

/// A reading with the time and the cause of it.
struct MeterSample {
  Stamp stamp;
  MeterReading reading;
  ReadingContext context = ReadingContext::sample_periodic;
  Measurands measurands;
};

/// Writes the sampledValue array of a sample (OCPP 1.6 section 7.43).
/// @param nominal_voltage_v between the conductors, in volts; single phase
void write_sampled_values(JsonWriter& json, const MeterSample& sample, uint32_t nominal_voltage_v);

}  // namespace pb
