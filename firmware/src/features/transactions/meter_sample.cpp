#include "features/transactions/meter_sample.h"

#include "core/text_writer.h"

namespace pb {
namespace {

constexpr Text kContexts[] = {"Sample.Periodic", "Sample.Clock",       "Transaction.Begin",
                              "Transaction.End", "Interruption.Begin", "Interruption.End",
                              "Trigger"};

void write_value(JsonWriter& json, Text value, ReadingContext context, Text measurand, Text unit) {
  json.begin_object().member("value", value).member("context", name_of(context));
  json.member("measurand", measurand).member("unit", unit).end_object();
}

}  // namespace

Text name_of(ReadingContext context) { return kContexts[static_cast<size_t>(context)]; }

void write_sampled_values(JsonWriter& json, const MeterSample& sample, uint32_t nominal_voltage_v) {
  json.begin_array();
  for (const Measurand measurand : sample.measurands) {
    char digits[24];
    TextWriter value{Span<char>(digits)};
    Text unit;
    switch (measurand) {
      case Measurand::energy_active_import_register:
        value.append(sample.reading.energy_wh);
        unit = "Wh";
        break;
      case Measurand::power_active_import:
        value.append(sample.reading.power_w);
        unit = "W";
        break;
      case Measurand::current_import: {
        const uint64_t tenths = (uint64_t{sample.reading.power_w} * 10 + nominal_voltage_v / 2) / nominal_voltage_v;
        value.append_all(tenths / 10, '.', tenths % 10);
        unit = "A";
        break;
      }
      case Measurand::voltage:
        value.append(nominal_voltage_v);
        unit = "V";
        break;
    }
    write_value(json, value.text(), sample.context, name_of(measurand), unit);
  }
  json.end_array();
}

}  // namespace pb
