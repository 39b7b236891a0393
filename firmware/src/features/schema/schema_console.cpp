#include "features/schema/schema_console.h"

#include "core/decimal.h"
#include "core/hexadecimal.h"
#include "features/schema/ocpp16_tables.h"

namespace pb {
namespace {

constexpr char kUsage[] = "[begin <bytes>|write <hexadecimal>|commit|drop]";
/// Digits of a digest that identify it on the console.
constexpr size_t kShownDigest = 8;

void write_digest(JsonWriter& json, Bytes digest) {
  char bytes[2 * kShownDigest];
  TextWriter text{Span<char>(bytes)};
  for (size_t i = 0; i < kShownDigest; ++i) text.append(Hex{digest.data[i], 2});
  json.member("digest", text.text());
}

}  // namespace

Command SchemaConsole::command() {
  return {"schema", kUsage,
          [](void* self, Text arguments, Logger&) { static_cast<SchemaConsole*>(self)->run(arguments); }, this};
}

void SchemaConsole::run(Text arguments) {
  const Text verb = take_word(arguments);
  uint64_t length = 0;
  if (verb.empty()) return show();
  if (verb == "begin" && parse_decimal_unsigned(arguments, length)) {
    const char* error = store_.begin(length > SIZE_MAX ? SIZE_MAX : static_cast<size_t>(length));
    if (error == nullptr) return console_.answer("ok");
    return answer_error(error);
  }
  if (verb == "write" && is_hexadecimal(arguments)) return write(arguments);
  if (verb == "commit" && arguments.empty()) return answer_error(store_.commit(answer_when_done()));
  if (verb == "drop" && arguments.empty()) return answer_error(store_.drop(answer_when_done()));
  console_.answer("error: schema needs ", kUsage);
}

void SchemaConsole::show() {
  console_.answer_json([this](JsonWriter& json) {
    json.begin_object().key("built_in").begin_object().member("protocol", "ocpp1.6");
    write_digest(json, {kOcpp16Digest, sizeof kOcpp16Digest});
    json.key("bytes").number_unsigned(ocpp16_tables().length).end_object();
    if (store_.has_pack()) {
      const SchemaPack& pack = store_.pack();
      json.key("pack").begin_object().member("protocol", pack.protocol.text());
      write_digest(json, pack.digest);
      json.key("bytes").number_unsigned(pack.length);
      json.key("slot").number_unsigned(store_.slot()).end_object();
    }
    json.end_object();
  });
}

void SchemaConsole::write(Text hexadecimal) {
  uint8_t bytes[SchemaStore::kChunk];
  if (hexadecimal.length % 2 != 0 || hexadecimal.length > 2 * sizeof bytes) {
    return console_.answer("error: schema write needs up to 128 bytes in hexadecimal");
  }
  const size_t length = decode_hexadecimal(hexadecimal, bytes);
  answer_error(store_.write({bytes, length}, answer_when_done()));
}

SchemaStore::Done SchemaConsole::answer_when_done() {
  return {[](void* self, const char* error) {
            auto& console = *static_cast<SchemaConsole*>(self);
            if (error == nullptr) return console.console_.answer("ok");
            console.answer_error(error);
          },
          this};
}

void SchemaConsole::answer_error(const char* error) {
  if (error != nullptr) console_.answer("error: schema: ", error);
}

}  // namespace pb
