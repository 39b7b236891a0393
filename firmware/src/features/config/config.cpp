#include "features/config/config.h"

#include "core/decimal.h"
#include "core/json_reader.h"

namespace pb {

namespace {

constexpr Text kMask = "********";

using Complaint = Config::Complaint;

/// One setting: its name, how a text becomes its value, and how the value becomes JSON.
struct Key {
  Text name;
  bool is_number;
  bool is_secret;
  Complaint (*parse)(Settings& settings, Text value);
  void (*write)(const Settings& settings, JsonWriter& json);
  void (*reset)(Settings& settings);
};

using TextRule = Complaint (*)(Text value);

bool printable(Text value) {
  for (size_t i = 0; i < value.length; ++i) {
    if (value.data[i] <= ' ' || value.data[i] > '~') return false;
  }
  return true;
}

bool starts_with(Text value, Text prefix) {
  return value.length > prefix.length && memcmp(value.data, prefix.data, prefix.length) == 0;
}

Complaint any_text(Text) { return nullptr; }

Complaint url_rule(Text value) {
  if (value.empty()) return nullptr;
  if (!starts_with(value, "ws://") && !starts_with(value, "wss://")) return "must begin with ws:// or wss://";
  return printable(value) ? nullptr : "must be printable ASCII without blanks";
}

Complaint identity_rule(Text value) { return printable(value) ? nullptr : "must be printable ASCII without blanks"; }

Complaint psk_rule(Text value) {
  return value.empty() || value.length >= 8 ? nullptr : "must have 8 to 64 characters, or none for an open network";
}

template <auto kMember, TextRule kRule>
constexpr Key text_key(Text name, bool is_secret = false) {
  return {name,
          false,
          is_secret,
          [](Settings& settings, Text value) -> Complaint {
            if (const Complaint complaint = kRule(value); complaint != nullptr) return complaint;
            return (settings.*kMember).assign(value) ? nullptr : "is too long";
          },
          [](const Settings& settings, JsonWriter& json) { json.string((settings.*kMember).text()); },
          [](Settings& settings) { (settings.*kMember).clear(); }};
}

template <uint32_t Settings::* kMember, uint32_t kLeast, uint32_t kMost>
constexpr Key number_key(Text name) {
  return {name,
          true,
          false,
          [](Settings& settings, Text value) -> Complaint {
            uint64_t number = 0;
            if (!parse_decimal_unsigned(value, number)) return "must be a whole number";
            if (number < kLeast) return "is too small";
            if (number > kMost) return "is too large";
            settings.*kMember = static_cast<uint32_t>(number);
            return nullptr;
          },
          [](const Settings& settings, JsonWriter& json) { json.number_unsigned(settings.*kMember); },
          [](Settings& settings) { settings.*kMember = Settings().*kMember; }};
}

constexpr Key log_level_key(Text name) {
  return {name,
          false,
          false,
          [](Settings& settings, Text value) -> Complaint {
            return parse_log_level(value, settings.log_level) ? nullptr : "must be error, warning, info or debug";
          },
          [](const Settings& settings, JsonWriter& json) { json.string(name_of(settings.log_level)); },
          [](Settings& settings) { settings.log_level = LogLevel::info; }};
}

constexpr Key kKeys[] = {
    text_key<&Settings::csms_url, &url_rule>("csms_url"),
    text_key<&Settings::identity, &identity_rule>("identity"),
    text_key<&Settings::wifi_ssid, &any_text>("wifi_ssid"),
    text_key<&Settings::wifi_psk, &psk_rule>("wifi_psk", true),
    text_key<&Settings::local_id_tag, &any_text>("local_id_tag"),
    number_key<&Settings::ws_ping_interval_s, 0, 3600>("ws_ping_interval_s"),
    number_key<&Settings::heartbeat_interval_s, 1, 86400>("heartbeat_interval_s"),
    number_key<&Settings::meter_value_sample_interval_s, 0, 86400>("meter_value_sample_interval_s"),
    number_key<&Settings::backoff_initial_ms, 1, 600'000>("backoff_initial_ms"),
    number_key<&Settings::backoff_max_ms, 1, 3'600'000>("backoff_max_ms"),
    number_key<&Settings::backoff_stable_s, 0, 86400>("backoff_stable_s"),
    number_key<&Settings::connection_timeout_s, 1, 86400>("connection_timeout_s"),
    log_level_key("log_level"),
};

const Key* find_key(Text name) {
  for (const Key& key : kKeys) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

Complaint parse_json_value(const Key& key, const JsonValue& value, Settings& settings) {
  if (key.is_number) {
    return value.kind() == JsonKind::number ? key.parse(settings, value.raw()) : "must be a number";
  }
  if (value.kind() != JsonKind::string) return "must be a string";
  FixedText<255> text;
  return value.get(text) ? key.parse(settings, text.text()) : "is too long";
}

Complaint check_together(const Settings& settings) {
  return settings.backoff_initial_ms <= settings.backoff_max_ms ? nullptr
                                                                : "backoff_max_ms must not be below backoff_initial_ms";
}

}  // namespace

void Config::load(uint64_t chip_id) {
  settings_ = Settings();
  uint8_t bytes[Storage::kMaxContent];
  size_t length = 0;
  const StorageResult result = storage_.read(kFile, bytes, length);
  if (result == StorageResult::not_found) {
    log_.info("config", "no ", kFile, ", every setting has its default");
  } else if (result == StorageResult::too_large) {
    log_.warning("config", kFile, " has more than ", Storage::kMaxContent, " bytes, every setting has its default");
  } else if (result != StorageResult::ok) {
    log_.error("config", kFile, " cannot be read, every setting has its default");
  } else {
    JsonError error;
    const JsonValue file = parse_json({reinterpret_cast<const char*>(bytes), length}, error);
    if (!file.exists()) {
      log_.warning("config", kFile, " is no JSON at byte ", error.offset, ": ", error.reason,
                   "; every setting has its default");
    } else if (file.kind() != JsonKind::object) {
      log_.warning("config", kFile, " is not a JSON object, every setting has its default");
    }
    for (JsonItems items(file); items.next();) {
      FixedText<48> name;
      const Key* key = items.name().get(name) ? find_key(name.text()) : nullptr;
      if (key == nullptr) {
        log_.warning("config", "unknown key ", items.name().raw(), " is left out");
      } else if (const Complaint complaint = parse_json_value(*key, items.value(), settings_); complaint != nullptr) {
        key->reset(settings_);
        log_.warning("config", key->name, " ", complaint, "; it has its default");
      }
    }
  }
  if (const Complaint complaint = check_together(settings_); complaint != nullptr) {
    settings_.backoff_initial_ms = Settings().backoff_initial_ms;
    settings_.backoff_max_ms = Settings().backoff_max_ms;
    log_.warning("config", complaint, "; both have their defaults");
  }
  if (settings_.identity.empty()) {
    char identity[24];
    TextWriter text{Span<char>(identity)};
    settings_.identity.assign(text.append_all("plugbench-", Hex{chip_id & 0xFFFFFF, 6}).text());
  }
}

Config::Complaint Config::set(Text key_name, Text value, StorageDone done) {
  const Key* key = find_key(key_name);
  if (key == nullptr) return "is no key of the configuration";
  if (saving_) return "is not set: another setting is being written, try again";
  next_ = settings_;
  if (const Complaint complaint = key->parse(next_, value); complaint != nullptr) return complaint;
  if (const Complaint complaint = check_together(next_); complaint != nullptr) return complaint;
  char bytes[Storage::kMaxContent];
  JsonWriter json{Span<char>(bytes)};
  write(next_, json, Secrets::plain);
  if (!json.ok()) return "makes the file too large";
  saving_ = true;
  done_ = done;
  const bool posted =
      storage_.write(kFile, json.text().bytes(),
                     {[](void* self, StorageResult result) { static_cast<Config*>(self)->saved(result); }, this});
  if (posted) return nullptr;
  saving_ = false;
  return "is not set: the storage is busy, try again";
}

void Config::saved(StorageResult result) {
  saving_ = false;
  if (result == StorageResult::ok) settings_ = next_;
  if (done_.call != nullptr) done_.call(done_.context, result);
}

void Config::write(const Settings& settings, JsonWriter& json, Secrets secrets) {
  json.begin_object();
  for (const Key& key : kKeys) {
    json.key(key.name);
    if (key.is_secret && secrets == Secrets::masked) {
      json.string(kMask);
    } else {
      key.write(settings, json);
    }
  }
  json.end_object();
}

}  // namespace pb
