// A payload of OCPP 1.6, and any text as JSON: the validator agrees with the JSON reader of whole texts. The first byte
// of the input selects the message.

#include "core/json_reader.h"
#include "features/schema/ocpp16_tables.h"
#include "features/schema/validator.h"
#include "fuzz/input.h"

namespace pb::fuzz {
namespace {

constexpr Text kActions[] = {
    "Authorize",          "BootNotification", "ChangeConfiguration", "DataTransfer",   "GetCompositeSchedule",
    "GetDiagnostics",     "GetLog",           "Heartbeat",           "MeterValues",    "SendLocalList",
    "SetChargingProfile", "StopTransaction",  "InstallCertificate",  "TriggerMessage", "RemoteStartTransaction",
    "UpdateFirmware"};

bool accepts(SchemaValidator& validator, Text text) { return validator.feed(text) && validator.finish(); }

size_t depth_of(JsonValue value) {
  size_t deepest = 0;
  if (value.kind() != JsonKind::object && value.kind() != JsonKind::array) return 0;
  for (JsonItems items(value); items.next();) {
    const size_t depth = depth_of(items.value());
    if (depth > deepest) deepest = depth;
  }
  return deepest + 1;
}

}  // namespace
}  // namespace pb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pb;
  if (size == 0) return 0;
  const Text text = fuzz::Input(data + 1, size - 1).text();
  const SchemaTables tables(ocpp16_tables());
  JsonError error;
  const JsonValue value = parse_json(text, error);
  const bool is_json = value.exists() && fuzz::depth_of(value) <= kMaxSchemaDepth;

  SchemaValidator any(tables, SchemaTables::kAny);
  fuzz::require(fuzz::accepts(any, text) == is_json, "the stream accepts the JSON that the reader accepts");

  const Text action = fuzz::kActions[data[0] % 16];
  SchemaValidator validator(tables, tables.find(action, data[0] % 32 < 16));
  if (fuzz::accepts(validator, text)) {
    fuzz::require(is_json && value.kind() == JsonKind::object, "a valid payload is a JSON object");
    return 0;
  }
  fuzz::require(validator.violation() != SchemaKeyword::none, "an invalid payload has a violation");
  fuzz::require(validator.offset() <= text.length, "the violation is inside the text");
  char bytes[300];
  TextWriter description{Span<char>(bytes)};
  validator.describe(description);
  fuzz::require(!validator.feed('}') && !validator.finish(), "an invalid payload stays invalid");
  return 0;
}
