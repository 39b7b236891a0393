#pragma once

#include "core/json_writer.h"
#include "core/text.h"
#include "features/logging/logger.h"
#include "features/storage/storage.h"

namespace pb {

/// What the owner of the charge point can set. Texts are empty where there is no default.
struct Settings {
  FixedText<255> csms_url;     ///< `ws://` or `wss://`; the identity is put behind it
  FixedText<48> identity;      ///< how the CSMS knows this charge point
  FixedText<32> wifi_ssid;     ///< empty: Wi-Fi stays off
  FixedText<64> wifi_psk;      ///< empty for an open network
  FixedText<20> local_id_tag;  ///< presented by the button; CiString20Type of OCPP 1.6
  uint32_t ws_ping_interval_s = 10;
  uint32_t heartbeat_interval_s = 300;
  uint32_t meter_value_sample_interval_s = 60;
  uint32_t backoff_initial_ms = 1000;
  uint32_t backoff_max_ms = 120'000;
  uint32_t backoff_stable_s = 60;  ///< an accepted connection held that long starts the back-off afresh
  uint32_t connection_timeout_s = 60;
  LogLevel log_level = LogLevel::info;
};

/// Keeps the settings in the file `config.json`. A value that cannot be used is replaced by its default with a warning
/// that names key and reason: a charge point with a bad setting still starts, and says what is wrong.
class Config {
 public:
  static constexpr Text kFile = "config.json";
  /// What set() can complain about; a literal, nullptr for nothing.
  using Complaint = const char*;

  Config(Storage& storage, Logger& log) : storage_(storage), log_(log) {}

  /// Reads the file, at start-up. `chip_id` gives the identity where none is set.
  void load(uint64_t chip_id);
  const Settings& settings() const { return settings_; }

  /// Checks and takes a value, and writes the file; `done` is called on the loop once that is durable. The new value
  /// holds from then on: a set that fails changes nothing. One at a time.
  /// @return what is wrong with key or value, or nullptr.
  Complaint set(Text key, Text value, StorageDone done);

  enum class Secrets : uint8_t { masked, plain };
  /// Writes all settings as one JSON object.
  void write(JsonWriter& json, Secrets secrets) const { write(settings_, json, secrets); }

 private:
  static void write(const Settings& settings, JsonWriter& json, Secrets secrets);
  void saved(StorageResult result);

  Storage& storage_;
  Logger& log_;
  Settings settings_;
  Settings next_;  ///< being saved
  bool saving_ = false;
  StorageDone done_;
};

}  // namespace pb
