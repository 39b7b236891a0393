#pragma once

#include "core/json_writer.h"
#include "core/text.h"
#include "core/text_writer.h"
#include "features/config/settings.h"
#include "features/logging/logger.h"
#include "features/storage/storage.h"
#include "runtime/feature.h"

namespace pb {

struct Key;

/// A configuration key of OCPP 1.6 (section 9).
struct OcppKey {
  Text name;
  bool read_only = false;
  bool reboot_required = false;
};

/// A group of settings whose new values may cut the device off. New values are on trial until the group's owner calls
/// keep() or revert(). The previous values are kept in a file, so that a power cut does not end the trial.
enum class Trial : uint8_t {
  none,
  network,  ///< the network of the settings
  csms,     ///< address and protection of the CSMS
};
constexpr size_t kTrials = 3;

/// Whether the stored settings are in use.
enum class ConfigState : uint8_t {
  sound,
  restored,  ///< the file was damaged; the settings of its copy are in use
  lost,      ///< the file and its copy were damaged; the defaults are in use
};

constexpr Text name_of(ConfigState state) {
  return state == ConfigState::sound ? "sound" : state == ConfigState::restored ? "restored" : "lost";
}

/// Keeps the settings in the file `config.json` and in its copy, which replaces a damaged file. A value that cannot be
/// used is replaced by its default, with a warning that names key and reason. So a charge point with a bad setting
/// still starts.
///
/// A setting has a name of ours (`heartbeat_interval_s`), a name of OCPP (`HeartbeatInterval`, in any case), or both.
class Config final : public Feature {
 public:
  static constexpr Text kFile = "config.json";
  /// Written after each change of kFile.
  static constexpr Text kCopy = "config_copy.json";
  /// How many keys GetConfiguration may ask for (GetConfigurationMaxKeys).
  static constexpr uint32_t kMaxKeysOfRequest = 50;
  /// The longest value as text, in bytes.
  static constexpr size_t kMaxText = 255;
  /// How many changes can wait for the flash at the same time.
  static constexpr size_t kMaxChanges = 6;
  /// The reason why set() rejects a value: a literal, or nullptr if it accepts the value.
  using Error = const char*;
  /// The error of a change that was not stored now, but that a retry can store. An array, so that its address is the
  /// same everywhere.
  static constexpr char kBusy[] = "is not set: the storage is busy with other settings, try again";

  /// The error of a value that would be accepted if other settings were shorter. An array, as kBusy.
  static constexpr char kNoRoom[] =
      "does not fit: the file of all settings has at most 2048 bytes; shorten other texts and lists first";

  /// Called after settings have changed, on the loop.
  struct Listener {
    void (*call)(void* context) = nullptr;
    void* context = nullptr;
  };

  Config(Storage& storage, Logger& log) : storage_(storage), log_(log) {}

  /// Reads the file, at start-up. If no identity is set, it is derived from `chip_id`.
  void load(uint64_t chip_id);
  /// Whether the file was sound at the start.
  ConfigState state() const { return state_; }
  const Settings& settings() const { return settings_; }
  /// The values that were set, with all changes that wait for the flash.
  const Settings& wanted() const { return change_count_ == 0 ? set_ : next_; }
  void set_listener(Listener listener) { listener_ = listener; }

  /// Checks and takes a value, and writes the file; `done` is called on the loop when the file is durable. From then on
  /// the new value is in settings() (docs/settings.md lists the settings that take effect later). If a write fails, its
  /// changes have no effect, and the changes that wait behind it fail too. @return the problem with key or value, or
  /// nullptr.
  Error set(Text key, Text value, StorageDone done);
  /// Whether settings of the group have changed since they were last known to work. New values are not on
  /// trial if none have worked since the start, because there are no values to return to.
  bool on_trial(Trial group) const { return trials_[static_cast<size_t>(group)] == TrialState::running; }
  /// Whether the present values of the group have worked since the start.
  bool proven(Trial group) const { return is_proven_[static_cast<size_t>(group)]; }
  /// Notes that the present values of the group work, which ends a trial.
  void keep(Trial group);
  /// Ends a trial: the previous values of the group are in force again when they are durable.
  /// @return false, with nothing changed, while the storage is busy
  bool revert(Trial group);
  /// Takes the interval of BootNotification.conf as HeartbeatInterval (OCPP 1.6 section 4.2), at once and until another
  /// value is set. The interval is not stored, because the CSMS sends it again after the next boot.
  void adopt_heartbeat_interval(uint32_t seconds);

  const char* name() const override { return "config"; }
  /// Writes the copy, repairs a damaged file, and removes files of ended trials.
  Millis poll(Millis now) override;

  /// @return false when OCPP or this charge point has no such key.
  static bool find_ocpp(Text name, OcppKey& key);
  /// Calls `visit` for each key of OCPP 1.6, with its present value as GetConfiguration.conf has it.
  void visit_ocpp(void (*visit)(void* context, const OcppKey& key, Text value), void* context) const;

  /// Writes the value in force of a key for a view: the mask for a secret, nothing for a secret that is not set. A view
  /// calls this for each key of all_keys() (keys.h).
  void show(const Key& key, TextWriter& text) const;
  enum class Secrets : uint8_t { masked, plain };
  /// Writes all settings as one JSON object.
  /// @param group a name of kKeyGroupNames to write only its settings; empty for all
  void write(JsonWriter& json, Secrets secrets, Text group = "") const;

 private:
  struct Change {
    const Key* key = nullptr;
    StorageDone done;
    bool under_way = false;
  };

  enum class TrialState : uint8_t {
    none,
    prepared,  ///< the previous values are stored, the new ones are not
    running,
  };
  TrialState& trial(Trial group) { return trials_[static_cast<size_t>(group)]; }

  /// Writes the content of the file: the values that differ from their defaults.
  static void write_file(const Settings& settings, JsonWriter& json);
  static void write_group(Trial group, const Settings& settings, JsonWriter& json);
  static bool is_equal(Trial group, const Settings& a, const Settings& b);
  Error check_writable(const Key& key);
  bool fits(const Settings& settings, size_t more = 0);
  uint16_t length_of(Trial group, const Settings& settings);
  static void finish(const Change& change, StorageResult result);
  /// Takes the values of `group` (none: of every key) from JSON. An unusable value leaves the value in `into`.
  /// @return whether it is a JSON object.
  bool read_settings(Text json, Text file, Trial group, Settings& into);
  StorageResult read_file(Text file);
  void load_file();
  bool is_copy_current();
  bool is_tidy() const;
  bool tidy();
  bool repair_file();
  bool remove_trial_file(Trial group);
  bool write_copy();
  void set_copy_due();
  StorageResult read_before(Trial group);
  void load_trials();
  /// The group whose previous values must be stored before next_ is written; `none` if there is none.
  Trial unsaved_trial() const;
  bool start_write();
  bool save_before(Trial group);
  void end_trial(Trial group);
  void saved(StorageResult result);
  void finish_all(StorageResult result);
  /// Computes settings() from the values that are set and the defaults.
  void apply();

  Storage& storage_;
  Logger& log_;
  Listener listener_;
  Settings settings_;  ///< the values in force: set, adopted or default
  FixedText<24> default_identity_;
  uint32_t adopted_heartbeat_interval_s_ = 0;  ///< 0: none

  // The values that were set; nothing else goes into the file.
  Settings set_;
  Settings next_;       ///< set_ with all pending changes
  Settings under_way_;  ///< the settings that are being written
  bool saving_ = false;
  TrialState trials_[kTrials] = {};
  bool is_proven_[kTrials] = {};
  uint16_t length_before_[kTrials] = {};  ///< what the previous values take in kFile, in bytes
  Trial prepared_ = Trial::none;          ///< the group whose previous values are being written
  Trial reverted_ = Trial::none;          ///< the group whose previous values are being put in force
  Change changes_[kMaxChanges];           ///< oldest first
  size_t change_count_ = 0;

  // Work that can wait.
  ConfigState state_ = ConfigState::sound;
  bool is_file_due_ = false;
  bool is_copy_due_ = false;
  bool is_trial_file_left_[kTrials] = {};
  bool tidying_ = false;
  Trial removing_ = Trial::none;
  Millis tidy_at_ = 0;
};

}  // namespace pb
