#include "features/config/config.h"

#include "core/json_reader.h"
#include "features/config/keys.h"

namespace pb {

namespace {

constexpr Text kMask = "********";

using Complaint = Config::Complaint;

OcppKey ocpp_key(const Key& key) { return {key.ocpp, key.read_only(), key.reboot_required}; }

Complaint parse_json_value(const Key& key, const JsonValue& value, Settings& settings) {
  switch (key.kind) {
    case Key::Kind::number:
      return value.kind() == JsonKind::number ? key.parse(settings, value.raw()) : "must be a number";
    case Key::Kind::boolean:
      return value.kind() == JsonKind::boolean ? key.parse(settings, value.raw()) : "must be true or false";
    case Key::Kind::text:
      break;
  }
  if (value.kind() != JsonKind::string) return "must be a string";
  FixedText<kMaxValue> text;
  return value.get(text) ? key.parse(settings, text.text()) : "is too long";
}

void write_value(JsonWriter& json, const Key& key, Text value) {
  json.key(key.name);
  if (key.kind == Key::Kind::text) {
    json.string(value);
  } else {
    json.raw(value);
  }
}

Complaint check_together(const Settings& settings) {
  return settings.backoff_initial_ms <= settings.backoff_max_ms ? nullptr
                                                                : "backoff_max_ms must not be below backoff_initial_ms";
}

// Not inlined, as all that needs the defaults: they are large, and would lie in the frame of load() more than once.
[[gnu::noinline]] void take_defaults(Settings& settings) { settings = Settings(); }

[[gnu::noinline]] void take_default_backoff(Settings& settings) {
  const Settings defaults;
  settings.backoff_initial_ms = defaults.backoff_initial_ms;
  settings.backoff_max_ms = defaults.backoff_max_ms;
}

[[gnu::noinline]] void write_if_changed(JsonWriter& json, const Key& key, const Settings& settings,
                                        const Settings& defaults) {
  char bytes[kMaxValue];
  char default_bytes[kMaxValue];
  TextWriter text{Span<char>(bytes)};
  TextWriter default_text{Span<char>(default_bytes)};
  key.format(settings, text);
  key.format(defaults, default_text);
  if (text.text() != default_text.text()) write_value(json, key, text.text());
}

}  // namespace

void Config::load(uint64_t chip_id) {
  take_defaults(set_);
  adopted_heartbeat_interval_s_ = 0;
  const MutableBytes bytes = storage_.scratch();
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
    const JsonValue file = parse_json({reinterpret_cast<const char*>(bytes.data), length}, error);
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
      } else if (const Complaint complaint = parse_json_value(*key, items.value(), set_); complaint != nullptr) {
        log_.warning("config", key->name, " ", complaint, "; it has its default");
      }
    }
  }
  if (const Complaint complaint = check_together(set_); complaint != nullptr) {
    take_default_backoff(set_);
    log_.warning("config", complaint, "; both have their defaults");
  }
  char identity[decltype(default_identity_)::capacity()];
  TextWriter text{Span<char>(identity)};
  default_identity_.assign(text.append_all("plugbench-", Hex{chip_id & 0xFFFFFF, 6}).text());
  apply();
}

void Config::apply() {
  settings_ = set_;
  if (settings_.identity.empty()) settings_.identity.assign(default_identity_.text());
  if (adopted_heartbeat_interval_s_ != 0) settings_.heartbeat_interval_s = adopted_heartbeat_interval_s_;
  if (listener_.call != nullptr) listener_.call(listener_.context);
}

Config::Complaint Config::set(Text key_name, Text value, StorageDone done) {
  const Key* key = find_key(key_name);
  if (key == nullptr) return "is no key of the configuration";
  if (change_count_ == kMaxChanges) return kBusy;
  Settings after = wanted();
  if (const Complaint complaint = key->parse(after, value); complaint != nullptr) return complaint;
  if (const Complaint complaint = check_together(after); complaint != nullptr) return complaint;
  const MutableBytes bytes = storage_.scratch();
  if (bytes.empty()) return kBusy;
  JsonWriter json{Span<char>(reinterpret_cast<char*>(bytes.data), bytes.length)};
  write_file(after, json);
  if (!json.ok()) return "makes the file too large";
  next_ = after;
  changes_[change_count_++] = {key, done, false};
  if (saving_ || start_write()) return nullptr;
  change_count_ = 0;
  return kBusy;
}

bool Config::start_write() {
  under_way_ = next_;
  const MutableBytes bytes = storage_.scratch();
  JsonWriter json{Span<char>(reinterpret_cast<char*>(bytes.data), bytes.length)};
  write_file(under_way_, json);
  saving_ = json.ok() &&
            storage_.write(kFile, json.text().bytes(),
                           {[](void* self, StorageResult result) { static_cast<Config*>(self)->saved(result); }, this});
  for (size_t i = 0; i < change_count_; ++i) changes_[i].under_way = saving_;
  return saving_;
}

void Config::saved(StorageResult result) {
  saving_ = false;
  const bool ok = result == StorageResult::ok;
  if (ok) {
    set_ = under_way_;
    const Key* interval = find_key("heartbeat_interval_s");
    for (size_t i = 0; i < change_count_; ++i) {
      if (changes_[i].under_way && changes_[i].key == interval) adopted_heartbeat_interval_s_ = 0;
    }
    apply();
  }
  // What waits contains what was under way, so it fails with it.
  Change ended[kMaxChanges];
  size_t ended_count = 0;
  size_t waiting = 0;
  for (size_t i = 0; i < change_count_; ++i) {
    const Change change = changes_[i];
    (change.under_way || !ok ? ended[ended_count++] : changes_[waiting++]) = change;
  }
  change_count_ = waiting;
  for (size_t i = 0; i < ended_count; ++i) finish(ended[i], result);
  if (saving_ || change_count_ == 0 || start_write()) return;
  waiting = change_count_;
  change_count_ = 0;
  for (size_t i = 0; i < waiting; ++i) finish(changes_[i], StorageResult::failed);
}

void Config::finish(const Change& change, StorageResult result) {
  if (change.done.call != nullptr) change.done.call(change.done.context, result);
}

void Config::adopt_heartbeat_interval(uint32_t seconds) {
  adopted_heartbeat_interval_s_ = seconds;
  apply();
}

bool Config::find_ocpp(Text name, OcppKey& found) {
  for (const Key& key : all_keys()) {
    if (key.ocpp.empty() || !equal_ignoring_case(key.ocpp, name)) continue;
    found = ocpp_key(key);
    return true;
  }
  return false;
}

void Config::visit_ocpp(void (*visit)(void* context, const OcppKey& key, Text value), void* context) const {
  for (const Key& key : all_keys()) {
    if (key.ocpp.empty()) continue;
    char bytes[kMaxValue];
    TextWriter text{Span<char>(bytes)};
    key.format(settings_, text);
    visit(context, ocpp_key(key), text.text());
  }
}

void Config::write(JsonWriter& json, Secrets secrets) const {
  json.begin_object();
  for (const Key& key : all_keys()) {
    if (key.read_only()) continue;
    char bytes[kMaxValue];
    TextWriter text{Span<char>(bytes)};
    key.format(settings_, text);
    write_value(json, key, key.is_secret && secrets == Secrets::masked ? kMask : text.text());
  }
  json.end_object();
}

void Config::write_file(const Settings& settings, JsonWriter& json) {
  const Settings defaults;
  json.begin_object();
  for (const Key& key : all_keys()) {
    if (!key.read_only()) write_if_changed(json, key, settings, defaults);
  }
  json.end_object();
}

}  // namespace pb
