#include "features/config/key_help.h"

namespace pb {

namespace {

constexpr Text name_of(Key::Kind kind) {
  switch (kind) {
    case Key::Kind::text:
      return "text";
    case Key::Kind::number:
      return "number";
    case Key::Kind::boolean:
      return "boolean";
    case Key::Kind::choice:
      return "choice";
    case Key::Kind::list:
      break;
  }
  return "list";
}

void write_default(JsonWriter& json, const Key& key) {
  char bytes[kMaxValue];
  TextWriter text{Span<char>(bytes)};
  key.format(kDefaultSettings, text);
  json.member(key.read_only() ? "value" : "default", text.text());
}

}  // namespace

void write_key_help(JsonWriter& json, const Key& key) {
  json.begin_object();
  json.member("key", key.read_only() ? key.ocpp : key.name);
  if (!key.ocpp.empty()) json.member("ocpp", key.ocpp);
  json.member("group", name_of(key.group));
  json.member("type", name_of(key.kind));
  if (key.kind == Key::Kind::number && !key.read_only()) json.member("least", uint64_t{key.least});
  if (!key.read_only() && key.most != 0) json.member("most", uint64_t{key.most});
  if (!key.unit.empty()) json.member("unit", key.unit);
  for (const OrderedKeys& pair : ordered_keys()) {
    if (pair.low == key.name) json.member("not_above", pair.high);
  }
  if (!key.choices.empty()) {
    json.key("choices").begin_array();
    for (const Text choice : key.choices) json.string(choice);
    json.end_array();
  }
  write_default(json, key);
  if (key.read_only()) json.member("read_only", true);
  if (key.is_secret) json.member("secret", true);
  if (key.reboot_required) json.member("reboot", true);
  if (key.trial != Trial::none) json.member("trial", true);
  json.member("help", key.help);
  json.end_object();
}

}  // namespace pb
