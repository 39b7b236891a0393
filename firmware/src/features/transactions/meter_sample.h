#pragma once

#include "core/json_writer.h"
#include "core/text.h"
#include "core/time.h"

namespace pb {

/// When something happened, as well as it was known then. The wall time can be worked out later as long as the same
/// boot lasts; `boot` tells whether it still does.
struct Stamp {
  uint32_t boot = 0;
  Millis at = 0;
  int64_t wall_ms = 0;  // since 1970, 0 while the CSMS had not told the time
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

/// Which measurands (OCPP 1.6 section 7.31) a sample has. The meter gives energy by its pulses and power by the time
/// between them; the current is derived from power and nominal voltage, and the voltage is the nominal one.
class Measurands {
 public:
  static constexpr uint8_t kEnergy = 1;   // Energy.Active.Import.Register, Wh
  static constexpr uint8_t kPower = 2;    // Power.Active.Import, W
  static constexpr uint8_t kCurrent = 4;  // Current.Import, A
  static constexpr uint8_t kVoltage = 8;  // Voltage, V
  /// How many there are to choose from.
  static constexpr size_t kCount = 4;

  constexpr Measurands() = default;
  constexpr explicit Measurands(uint8_t bits) : bits_(bits) {}

  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool has(uint8_t bit) const { return (bits_ & bit) != 0; }
  constexpr uint8_t bits() const { return bits_; }

  /// Reads a comma-separated list, as configuration keys have it; blanks around the commas are allowed.
  /// @return false, with `into` kept, when it names a measurand that this meter does not have, or one twice.
  static bool parse(Text list, Measurands& into);

 private:
  uint8_t bits_ = 0;
};

/// What the meter showed at one moment.
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
