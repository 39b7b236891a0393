#include "features/transactions/meter_sample.h"

#include "core/text_writer.h"

namespace pb {
namespace {

constexpr Text kContexts[] = {"Sample.Periodic",    "Sample.Clock",     "Transaction.Begin", "Transaction.End",
                              "Interruption.Begin", "Interruption.End", "Trigger"};

struct Name {
  uint8_t bit;
  Text measurand;
};
constexpr Name kNames[Measurands::kCount] = {{Measurands::kEnergy, "Energy.Active.Import.Register"},
                                             {Measurands::kPower, "Power.Active.Import"},
                                             {Measurands::kCurrent, "Current.Import"},
                                             {Measurands::kVoltage, "Voltage"}};

Text without_blanks(Text text) {
  while (!text.empty() && text.data[0] == ' ') text = {text.data + 1, text.length - 1};
  while (!text.empty() && text.data[text.length - 1] == ' ') --text.length;
  return text;
}

void write_value(JsonWriter& json, Text value, ReadingContext context, Text measurand, Text unit) {
  json.begin_object().member("value", value).member("context", name_of(context));
  json.member("measurand", measurand).member("unit", unit).end_object();
}

}  // namespace

Text name_of(ReadingContext context) { return kContexts[static_cast<size_t>(context)]; }

bool Measurands::parse(Text list, Measurands& into) {
  uint8_t bits = 0;
  for (Text rest = without_blanks(list); !rest.empty();) {
    size_t length = 0;
    while (length < rest.length && rest.data[length] != ',') ++length;
    const Text name = without_blanks({rest.data, length});
    uint8_t bit = 0;
    for (const Name& known : kNames) {
      if (known.measurand == name) bit = known.bit;
    }
    if (bit == 0 || (bits & bit) != 0) return false;
    bits |= bit;
    if (length == rest.length) break;
    rest = {rest.data + length + 1, rest.length - length - 1};
    if (rest.empty()) return false;  // a comma at the end
  }
  into = Measurands(bits);
  return true;
}

void write_sampled_values(JsonWriter& json, const MeterSample& sample, uint32_t nominal_voltage_v) {
  json.begin_array();
  for (const Name& name : kNames) {
    if (!sample.measurands.has(name.bit)) continue;
    char digits[24];
    TextWriter value{Span<char>(digits)};
    switch (name.bit) {
      case Measurands::kEnergy:
        value.append(sample.reading.energy_wh);
        write_value(json, value.text(), sample.context, name.measurand, "Wh");
        break;
      case Measurands::kPower:
        value.append(sample.reading.power_w);
        write_value(json, value.text(), sample.context, name.measurand, "W");
        break;
      case Measurands::kCurrent: {
        const uint64_t tenths = (uint64_t{sample.reading.power_w} * 10 + nominal_voltage_v / 2) / nominal_voltage_v;
        value.append_all(tenths / 10, '.', tenths % 10);
        write_value(json, value.text(), sample.context, name.measurand, "A");
        break;
      }
      default:
        value.append(nominal_voltage_v);
        write_value(json, value.text(), sample.context, name.measurand, "V");
        break;
    }
  }
  json.end_array();
}

}  // namespace pb
