#include "features/config/config.h"

#include "core/crc32.h"
#include "core/json_reader.h"
#include "features/config/keys.h"

namespace pb {

namespace {

constexpr Text kMask = "********";
/// For each group, the file with the values that it had before the trial.
constexpr Text kTrialFiles[kTrials] = {"", "trial_network.json", "trial_csms.json"};
constexpr Text kTrialSettings[kTrials] = {"", "wifi_ssid and wifi_psk", "csms_url, identity and security_profile"};
// Pauses of the work that can wait: after a failed write, and while the storage is busy.
constexpr Millis kRetry = 60'000;
constexpr Millis kBusyRetry = 1'000;
constexpr Trial kGroups[] = {Trial::network, Trial::csms};

constexpr Text file_of(Trial group) { return kTrialFiles[static_cast<size_t>(group)]; }

/// Whether the group has values to try.
bool has_values(Trial group, const Settings& settings) {
  return group == Trial::network ? !settings.wifi_ssid.empty() : !settings.csms_url.empty();
}

using Error = Config::Error;

OcppKey ocpp_key(const Key& key) { return {key.ocpp, key.read_only(), key.reboot_required}; }

Error parse_json_value(const Key& key, const JsonValue& value, Settings& settings) {
  switch (key.kind) {
    case Key::Kind::number:
      return value.kind() == JsonKind::number ? key.parse(settings, value.raw()) : "must be a number";
    case Key::Kind::boolean:
      return value.kind() == JsonKind::boolean ? key.parse(settings, value.raw()) : "must be true or false";
    case Key::Kind::text:
    case Key::Kind::choice:
    case Key::Kind::list:
      break;
  }
  if (value.kind() != JsonKind::string) return "must be a string";
  FixedText<kMaxValue> text;
  return value.get(text) ? key.parse(settings, text.text()) : "is too long";
}

void write_value(JsonWriter& json, const Key& key, Text value) {
  json.key(key.name);
  if (key.kind == Key::Kind::number || key.kind == Key::Kind::boolean) {
    json.raw(value);
  } else {
    json.string(value);
  }
}

/// @param key the setting that has changed
Error check_together(const Settings& settings, const Key& key) {
  for (const OrderedKeys& pair : ordered_keys()) {
    if (!pair.in_order(settings)) return key.name == pair.low ? pair.low_error : pair.high_error;
  }
  return nullptr;
}

/// Rejects an identity with a colon for Basic authentication, where the first colon ends the user's name (RFC 7617
/// section 2).
Error check_login(const Settings& settings) {
  const bool has_login = settings.security_profile == 1 || settings.security_profile == 2;
  const Text identity = settings.identity.text();
  return has_login && find(identity, ':') < identity.length
             ? "must not combine a ':' in the identity with security profile 1 or 2"
             : nullptr;
}

/// Whether the value has more text than the file can take.
[[gnu::noinline]] bool is_cut(const Key& key, const Settings& settings) {
  char bytes[kMaxValue];
  TextWriter text{Span<char>(bytes)};
  key.format(settings, text);
  return text.cut() != 0;
}

[[gnu::noinline]] void write_if_changed(JsonWriter& json, const Key& key, const Settings& settings) {
  char bytes[kMaxValue];
  char default_bytes[kMaxValue];
  TextWriter text{Span<char>(bytes)};
  TextWriter default_text{Span<char>(default_bytes)};
  key.format(settings, text);
  key.format(kDefaultSettings, default_text);
  if (text.text() != default_text.text()) write_value(json, key, text.text());
}

}  // namespace

void Config::load(uint64_t chip_id) {
  set_ = kDefaultSettings;
  adopted_heartbeat_interval_s_ = 0;
  load_file();
  for (const OrderedKeys& pair : ordered_keys()) {
    if (pair.in_order(set_)) continue;
    set_.*pair.low_value = kDefaultSettings.*pair.low_value;
    set_.*pair.high_value = kDefaultSettings.*pair.high_value;
    log_.warning("config", pair.high, " ", pair.high_error, "; both have their defaults");
  }
  load_trials();
  char identity[decltype(default_identity_)::capacity()];
  TextWriter text{Span<char>(identity)};
  default_identity_.assign(text.append_all("plugbench-", Hex{chip_id & 0xFFFFFF, 6}).text());
  apply();
}

/// Takes the settings of the file, or of its copy if the file is damaged.
void Config::load_file() {
  state_ = ConfigState::sound;
  is_file_due_ = is_copy_due_ = false;
  const StorageResult file = read_file(kFile);
  if (file != StorageResult::ok) {
    const StorageResult copy = read_file(kCopy);
    if (copy == StorageResult::ok) {
      log_.error("config", kFile, " cannot be used: ", name_of(file), "; the settings of ", kCopy, " are in use");
      state_ = ConfigState::restored;
      is_file_due_ = true;
    } else if (file == StorageResult::not_found && copy == StorageResult::not_found) {
      log_.info("config", "no ", kFile, ", every setting has its default");
      return;
    } else {
      log_.error("config", kFile, " cannot be used: ", name_of(file), ", and ", kCopy, " neither: ", name_of(copy),
                 "; every setting has its default, set them again");
      state_ = ConfigState::lost;
      return;
    }
  }
  if (!is_copy_current()) set_copy_due();
}

/// Reads the settings of a file into set_.
StorageResult Config::read_file(Text file) {
  const MutableBytes bytes = storage_.scratch();
  if (bytes.empty()) return StorageResult::busy;
  size_t length = 0;
  const StorageResult result = storage_.read(file, bytes, length);
  if (result != StorageResult::ok) return result;
  const Text json{reinterpret_cast<const char*>(bytes.data), length};
  return read_settings(json, file, Trial::none, set_) ? result : StorageResult::corrupt;
}

/// Whether the copy has the settings of the file. If it has, it need not be written.
bool Config::is_copy_current() {
  const MutableBytes bytes = storage_.scratch();
  JsonWriter json{Span<char>(reinterpret_cast<char*>(bytes.data), bytes.length)};
  write_file(set_, json);
  const uint32_t wanted = crc32(json.text().bytes());
  size_t length = 0;
  return json.ok() && storage_.read(kCopy, bytes, length) == StorageResult::ok && crc32({bytes.data, length}) == wanted;
}

bool Config::read_settings(Text json, Text file, Trial group, Settings& into) {
  JsonError problem;
  const JsonValue object = parse_json(json, problem);
  if (!object.exists()) {
    log_.warning("config", file, " is no JSON at byte ", problem.offset, ": ", problem.reason);
  } else if (object.kind() != JsonKind::object) {
    log_.warning("config", file, " is not a JSON object");
  }
  for (JsonItems items(object); items.next();) {
    FixedText<48> name;
    const Key* key = items.name().get(name) ? find_key(name.text()) : nullptr;
    if (key == nullptr) {
      log_.warning("config", "unknown key ", items.name().raw(), " is left out");
    } else if (group != Trial::none && key->trial != group) {
      continue;
    } else if (const Error error = parse_json_value(*key, items.value(), into); error != nullptr) {
      log_.warning("config", key->name, " ", error, "; it has its default");
    }
  }
  return object.kind() == JsonKind::object;
}

void Config::apply() {
  settings_ = set_;
  if (settings_.identity.empty()) settings_.identity.assign(default_identity_.text());
  if (adopted_heartbeat_interval_s_ != 0) settings_.heartbeat_interval_s = adopted_heartbeat_interval_s_;
  if (listener_.call != nullptr) listener_.call(listener_.context);
}

Config::Error Config::set(Text key_name, Text value, StorageDone done) {
  const Key* key = find_key(key_name);
  if (key == nullptr) return "is no key of the configuration, see config";
  if (change_count_ == kMaxChanges) return kBusy;
  if (key->trial != Trial::none && key->trial == reverted_) return kBusy;
  if (change_count_ == 0) next_ = set_;
  // Keep the previous value only: a copy of all settings would take more than 1 KB of stack.
  char bytes[kMaxValue];
  TextWriter before{Span<char>(bytes)};
  key->format(next_, before);
  if (const Error error = key->parse(next_, value); error != nullptr) return error;
  Error error = check_writable(*key);
  // Earlier versions did not have these rules, so their file may break them. Therefore check them only when one of
  // their settings changes: other settings must not be blocked.
  if (error == nullptr && key->trial == Trial::csms) error = check_login(next_);
  if (error == nullptr && key->is_secret) error = check_new_secret(value);
  if (error != nullptr) {
    key->parse(next_, before.text());
    return error;
  }
  changes_[change_count_++] = {key, done, false};
  if (saving_ || start_write()) return nullptr;
  change_count_ = 0;
  return kBusy;
}

/// @param key the setting that has changed  @return why next_ cannot be written, or nullptr.
Config::Error Config::check_writable(const Key& key) {
  if (const Error error = check_together(next_, key); error != nullptr) return error;
  if (is_cut(key, next_)) return "is too long";
  if (storage_.scratch().empty()) return kBusy;
  // After a failed trial the previous values, which may be longer, must fit into the file again.
  size_t missing = 0;
  for (const Trial group : kGroups) {
    const bool is_saved = trial(group) != TrialState::none;
    const size_t before = is_saved ? length_before_[static_cast<size_t>(group)] : length_of(group, set_);
    const size_t now = length_of(group, next_);
    if (before > now) missing += before - now;
  }
  return fits(next_, missing) ? nullptr : kNoRoom;
}

/// Whether the file can take the settings, and `more` bytes.
bool Config::fits(const Settings& settings, size_t more) {
  const MutableBytes bytes = storage_.scratch();
  JsonWriter json{Span<char>(reinterpret_cast<char*>(bytes.data), bytes.length)};
  write_file(settings, json);
  return json.ok() && json.text().length + more <= bytes.length;
}

// ---- trials

/// Returns how many bytes the values of the group take in the file.
uint16_t Config::length_of(Trial group, const Settings& settings) {
  const MutableBytes bytes = storage_.scratch();
  JsonWriter json{Span<char>(reinterpret_cast<char*>(bytes.data), bytes.length)};
  json.begin_object();
  for (const Key& key : all_keys()) {
    if (key.trial == group) write_if_changed(json, key, settings);
  }
  // Instead of the two braces, the values have a comma.
  const size_t length = json.end_object().text().length;
  return static_cast<uint16_t>(length > 2 ? length - 1 : 0);
}

void Config::write_group(Trial group, const Settings& settings, JsonWriter& json) {
  json.begin_object();
  for (const Key& key : all_keys()) {
    if (key.trial != group) continue;
    char bytes[kMaxValue];
    TextWriter text{Span<char>(bytes)};
    key.format(settings, text);
    write_value(json, key, text.text());
  }
  json.end_object();
}

bool Config::is_equal(Trial group, const Settings& a, const Settings& b) {
  for (const Key& key : all_keys()) {
    if (key.trial != group) continue;
    char bytes_a[kMaxValue];
    char bytes_b[kMaxValue];
    TextWriter text_a{Span<char>(bytes_a)};
    TextWriter text_b{Span<char>(bytes_b)};
    key.format(a, text_a);
    key.format(b, text_b);
    if (text_a.text() != text_b.text()) return false;
  }
  return true;
}

/// Sets next_ to the present settings, but with the values that the group had before its trial.
StorageResult Config::read_before(Trial group) {
  const MutableBytes bytes = storage_.scratch();
  if (bytes.empty()) return StorageResult::busy;
  size_t length = 0;
  const StorageResult result = storage_.read(file_of(group), bytes, length);
  if (result != StorageResult::ok) return result;
  next_ = set_;
  const Text json{reinterpret_cast<const char*>(bytes.data), length};
  return read_settings(json, file_of(group), group, next_) ? result : StorageResult::corrupt;
}

/// Continues the trials that were under way before the restart.
void Config::load_trials() {
  for (const Trial group : kGroups) {
    trial(group) = TrialState::none;
    if (read_before(group) != StorageResult::ok) continue;
    length_before_[static_cast<size_t>(group)] = length_of(group, next_);
    if (is_equal(group, next_, set_)) {
      is_trial_file_left_[static_cast<size_t>(group)] = true;
    } else {
      trial(group) = TrialState::running;
    }
  }
}

void Config::keep(Trial group) {
  if (on_trial(group)) log_.info("config", "the changed ", kTrialSettings[static_cast<size_t>(group)], " work");
  is_proven_[static_cast<size_t>(group)] = true;
  end_trial(group);
}

void Config::end_trial(Trial group) {
  if (trial(group) == TrialState::none) return;
  trial(group) = TrialState::none;
  is_trial_file_left_[static_cast<size_t>(group)] = true;
  tidy_at_ = 0;
}

bool Config::revert(Trial group) {
  if (!on_trial(group) || saving_ || change_count_ != 0 || storage_.busy()) return false;
  const StorageResult result = read_before(group);
  if (result == StorageResult::busy) return false;
  if (result != StorageResult::ok) {
    log_.error("config", file_of(group), " cannot be read, the new settings stay");
    trial(group) = TrialState::none;
    return true;
  }
  if (!fits(next_)) {  // an earlier version has accepted other settings meanwhile
    log_.error("config", "the previous ", kTrialSettings[static_cast<size_t>(group)], " do not fit into ", kFile,
               " any more, the new settings stay");
    end_trial(group);
    return true;
  }
  reverted_ = group;
  changes_[change_count_++] = {};
  if (start_write()) return true;
  change_count_ = 0;
  reverted_ = Trial::none;
  return false;
}

Trial Config::unsaved_trial() const {
  for (const Trial group : kGroups) {
    const bool is_saved = trials_[static_cast<size_t>(group)] != TrialState::none;
    const bool is_replaced = proven(group) && has_values(group, next_) && !is_equal(group, set_, next_);
    if (!is_saved && is_replaced) return group;
  }
  return Trial::none;
}

/// Stores the previous values of the group. When they are durable, the changes are written.
bool Config::save_before(Trial group) {
  length_before_[static_cast<size_t>(group)] = length_of(group, set_);
  const MutableBytes bytes = storage_.scratch();
  JsonWriter json{Span<char>(reinterpret_cast<char*>(bytes.data), bytes.length)};
  write_group(group, set_, json);
  const StorageDone done{[](void* self, StorageResult result) {
                           auto& config = *static_cast<Config*>(self);
                           config.saving_ = false;
                           if (result == StorageResult::ok) config.trial(config.prepared_) = TrialState::prepared;
                           config.is_trial_file_left_[static_cast<size_t>(config.prepared_)] =
                               result != StorageResult::ok;
                           if (result != StorageResult::ok || !config.start_write()) config.finish_all(result);
                         },
                         this};
  prepared_ = group;
  saving_ = json.ok() && storage_.write(file_of(group), json.text().bytes(), done);
  return saving_;
}

// ---- writing

bool Config::start_write() {
  if (const Trial group = unsaved_trial(); group != Trial::none) return save_before(group);
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
    for (const Trial group : kGroups) {
      if (is_equal(group, set_, under_way_)) continue;
      is_proven_[static_cast<size_t>(group)] = false;
      if (trial(group) == TrialState::prepared) trial(group) = TrialState::running;
    }
    set_ = under_way_;
    for (const Trial group : kGroups) {
      if (!has_values(group, set_)) end_trial(group);  // switched off on purpose
    }
    const Key* interval = find_key("heartbeat_interval_s");
    for (size_t i = 0; i < change_count_; ++i) {
      if (changes_[i].under_way && changes_[i].key == interval) adopted_heartbeat_interval_s_ = 0;
    }
    if (reverted_ != Trial::none) {
      end_trial(reverted_);
      log_.warning("config", "the changed ", kTrialSettings[static_cast<size_t>(reverted_)],
                   " have not worked in time: the previous ones are used again");
    }
    is_file_due_ = false;
    set_copy_due();
    apply();
  } else if (reverted_ != Trial::none) {
    log_.error("config", "the previous ", kTrialSettings[static_cast<size_t>(reverted_)],
               " cannot be stored: ", name_of(result));
  }
  reverted_ = Trial::none;
  // next_ also contains the changes whose write has failed, so after a failure the waiting changes fail too.
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
  finish_all(StorageResult::failed);
}

/// Ends all waiting changes; none of them has an effect.
void Config::finish_all(StorageResult result) {
  Change ended[kMaxChanges];
  const size_t count = change_count_;
  for (size_t i = 0; i < count; ++i) ended[i] = changes_[i];
  change_count_ = 0;
  for (size_t i = 0; i < count; ++i) {
    finish(ended[i], result == StorageResult::ok ? StorageResult::failed : result);
  }
}

// ---- work that can wait

Millis Config::poll(Millis now) {
  if (tidying_ || is_tidy()) return kNever;
  if (now < tidy_at_) return tidy_at_;
  return tidy_at_ = now + (tidy() ? kRetry : kBusyRetry);
}

void Config::set_copy_due() {
  is_copy_due_ = true;
  tidy_at_ = 0;
}

bool Config::is_tidy() const {
  for (const Trial group : kGroups) {
    if (is_trial_file_left_[static_cast<size_t>(group)]) return false;
  }
  return !is_file_due_ && !is_copy_due_;
}

/// Starts one job. @return false when the storage takes no job now
bool Config::tidy() {
  if (saving_ || change_count_ != 0 || storage_.scratch().empty()) return false;
  if (is_file_due_) return repair_file();
  for (const Trial group : kGroups) {
    if (is_trial_file_left_[static_cast<size_t>(group)]) return remove_trial_file(group);
  }
  return write_copy();
}

bool Config::repair_file() {
  next_ = set_;
  changes_[change_count_++] = {};
  if (start_write()) return true;
  change_count_ = 0;
  return false;
}

bool Config::remove_trial_file(Trial group) {
  removing_ = group;
  tidying_ = storage_.remove(file_of(group), {[](void* self, StorageResult result) {
                                                auto& config = *static_cast<Config*>(self);
                                                config.tidying_ = false;
                                                // A trial that has begun meanwhile is writing the file again: leave the
                                                // flag to that write.
                                                if (result != StorageResult::ok || config.saving_) return;
                                                config.is_trial_file_left_[static_cast<size_t>(config.removing_)] =
                                                    false;
                                                config.tidy_at_ = 0;
                                              },
                                              this});
  return tidying_;
}

bool Config::write_copy() {
  const MutableBytes bytes = storage_.scratch();
  JsonWriter json{Span<char>(reinterpret_cast<char*>(bytes.data), bytes.length)};
  write_file(set_, json);
  const StorageDone done{[](void* self, StorageResult result) {
                           auto& config = *static_cast<Config*>(self);
                           config.tidying_ = false;
                           // The copy is still due after a failure. A change that was stored meanwhile has set the flag
                           // already.
                           if (result != StorageResult::ok) config.is_copy_due_ = true;
                         },
                         this};
  tidying_ = json.ok() && storage_.write(kCopy, json.text().bytes(), done);
  is_copy_due_ = !tidying_;
  return tidying_;
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

void Config::show(const Key& key, TextWriter& text) const {
  TextWriter shown = text;
  key.format(settings_, shown);
  if (!key.is_secret) {
    text = shown;
  } else if (shown.text() != text.text()) {
    text.append(kMask);
  }
}

void Config::write(JsonWriter& json, Secrets secrets, Text group) const {
  json.begin_object();
  for (const Key& key : all_keys()) {
    if (key.read_only() || (!group.empty() && name_of(key.group) != group)) continue;
    char bytes[kMaxValue];
    TextWriter text{Span<char>(bytes)};
    if (secrets == Secrets::masked) {
      show(key, text);
    } else {
      key.format(settings_, text);
    }
    write_value(json, key, text.text());
  }
  json.end_object();
}

void Config::write_file(const Settings& settings, JsonWriter& json) {
  json.begin_object();
  for (const Key& key : all_keys()) {
    if (!key.read_only()) write_if_changed(json, key, settings);
  }
  json.end_object();
}

}  // namespace pb
