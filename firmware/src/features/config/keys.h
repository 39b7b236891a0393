#pragma once

#include "core/span.h"
#include "core/text_writer.h"
#include "features/config/config.h"

namespace pb {

/// One setting: its names, how a text becomes its value, and how the value becomes a text.
struct Key {
  enum class Kind : uint8_t { text, number, boolean };

  Text name;  ///< empty for a read-only key of OCPP
  Text ocpp;  ///< empty for a key that OCPP does not have
  Kind kind;
  Config::Complaint (*parse)(Settings& settings, Text value);
  void (*format)(const Settings& settings, TextWriter& text);
  bool is_secret = false;
  bool reboot_required = false;
  Trial trial = Trial::none;

  bool read_only() const { return name.empty(); }
  /// Only the owner at the console may see it.
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
  constexpr Key on_trial(Trial group) const {
    Key key = *this;
    key.trial = group;
    return key;
  }
};

/// The longest value as text.
constexpr size_t kMaxValue = Config::kMaxText;

/// The rule for the key of a Wi-Fi network: a passphrase, or the key itself in hexadecimal digits (IEEE 802.11,
/// WPA-PSK). @return as Config::set()
Config::Complaint check_wifi_psk(Text value);
/// The longest local authorization list, and its entries in one message (LocalAuthListMaxLength,
/// SendLocalListMaxLength).
constexpr uint32_t kLocalListEntries = 500;
constexpr uint32_t kLocalListEntriesOfMessage = 50;

/// Returns all keys: the table in keys.cpp.
Span<const Key> all_keys();
/// @param name ours, or OCPP's in any case  @return nullptr when there is no such key.
const Key* find_key(Text name);

}  // namespace pb
