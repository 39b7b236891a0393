#pragma once

#include "core/span.h"
#include "core/text_writer.h"
#include "features/config/config.h"
#include "features/config/key_group.h"

namespace pb {

/// One setting: its names, its limits, how a text becomes its value, and how the value becomes a text. The keys are
/// constants in flash.
struct Key {
  /// A choice is one of `choices`; a list has any of them, separated by commas, none twice.
  enum class Kind : uint8_t { text, number, boolean, choice, list };

  Text name;  ///< empty for a read-only key of OCPP
  Text ocpp;  ///< empty for a key that OCPP does not have
  Kind kind;
  Config::Error (*parse)(Settings& settings, Text value);
  void (*format)(const Settings& settings, TextWriter& text);
  uint32_t least = 0;  ///< the lowest number
  uint32_t most = 0;   ///< the highest number, or the longest text
  Text unit = {};      ///< the unit of a number, or of a text's length: `bytes` or `characters`
  Span<const Text> choices = {};
  KeyGroup group = KeyGroup::device;
  Text help = {};  ///< English, one or two sentences for the owner of the device
  bool is_secret = false;
  bool reboot_required = false;
  Trial trial = Trial::none;

  bool read_only() const { return name.empty(); }
  constexpr Key in(KeyGroup wanted, Text text) const {
    Key key = *this;
    key.group = wanted;
    key.help = text;
    return key;
  }
  /// No view shows it.
  constexpr Key secret() const {
    Key key = *this;
    key.is_secret = true;
    return key;
  }
  /// A new value takes effect at the next boot.
  constexpr Key from_next_boot() const {
    Key key = *this;
    key.reboot_required = true;
    return key;
  }
  /// A new value is on trial (README.md).
  constexpr Key on_trial(Trial with) const {
    Key key = *this;
    key.trial = with;
    return key;
  }
};

/// Two numbers of which `low` must not be above `high`.
struct OrderedKeys {
  Text low;
  Text high;
  uint32_t Settings::* low_value;
  uint32_t Settings::* high_value;
  Config::Error low_error;
  Config::Error high_error;

  bool in_order(const Settings& settings) const { return settings.*low_value <= settings.*high_value; }
};

/// The longest value as text.
constexpr size_t kMaxValue = Config::kMaxText;

/// The rule for the key of a Wi-Fi network: a passphrase, or the key itself in hexadecimal digits (IEEE 802.11,
/// WPA-PSK). @return as Config::set()
Config::Error check_wifi_psk(Text value);
/// The rule for new values of secrets. Programs encode other characters differently. Earlier versions accepted them,
/// so a file may have them. @return as Config::set()
Config::Error check_new_secret(Text value);
/// The longest local authorization list, and its entries in one message (LocalAuthListMaxLength,
/// SendLocalListMaxLength).
constexpr uint32_t kLocalListEntries = 500;
constexpr uint32_t kLocalListEntriesOfMessage = 50;

/// Returns all keys: the table in keys.cpp, by group.
Span<const Key> all_keys();
/// Returns the rules for pairs of keys.
Span<const OrderedKeys> ordered_keys();
/// @param name ours, or OCPP's in any case  @return nullptr when there is no such key.
const Key* find_key(Text name);

}  // namespace pb
