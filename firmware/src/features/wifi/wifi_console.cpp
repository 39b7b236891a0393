#include "features/wifi/wifi_console.h"

#include "core/decimal.h"
#include "core/json_reader.h"
#include "features/wifi/found_networks.h"

namespace pb {

namespace {

constexpr char kUsage[] = "add <priority> <name> [psk=<key>]|remove <name>|list|scan";
constexpr Text kPsk = "psk=";

using Name = FixedText<StoredNetworks::kMaxSsid>;

/// Takes a name off the front: a word, or a JSON string if the name has blanks. @return false when the name is too
/// long, or the JSON string is invalid
bool take_name(Text& text, Name& name) {
  text = trimmed(text);
  if (!starts_with(text, "\"")) return name.assign(take_word(text));
  size_t end = 1;
  while (end < text.length && text.data[end] != '"') end += text.data[end] == '\\' ? 2 : 1;
  if (end >= text.length) return false;
  JsonError error;
  const bool is_taken = parse_json({text.data, end + 1}, error).get(name);
  text = trimmed({text.data + end + 1, text.length - end - 1});
  return is_taken;
}

}  // namespace

Command WifiConsole::command() {
  return {"wifi", kUsage, [](void* self, Text arguments, Logger&) { static_cast<WifiConsole*>(self)->run(arguments); },
          this};
}

void WifiConsole::run(Text arguments) {
  if (network_.kind() == NetworkKind::ethernet) return console_.answer("error: this device has Ethernet and no Wi-Fi");
  const Text verb = take_word(arguments);
  if (verb == "add") return add(arguments);
  if (verb == "remove") return remove(arguments);
  if (verb == "list" && arguments.empty()) return list();
  if (verb == "scan" && arguments.empty()) return scan();
  console_.answer("error: wifi needs ", kUsage);
}

StorageDone WifiConsole::answer_when_stored() {
  return {[](void* self, StorageResult result) {
            Logger& console = static_cast<WifiConsole*>(self)->console_;
            if (result == StorageResult::ok) return console.answer("ok");
            console.answer("error: the networks cannot be stored: ", name_of(result));
          },
          this};
}

void WifiConsole::add(Text arguments) {
  uint64_t priority = 0;
  Name name;
  const bool is_number = parse_decimal_unsigned(take_word(arguments), priority);
  // Otherwise the key would become a name, which is shown.
  if (starts_with(arguments, kPsk)) {
    return console_.answer("error: wifi add needs a name before psk= (a JSON string if the name begins with psk=)");
  }
  if (!is_number || priority > StoredNetworks::kMaxPriority || !take_name(arguments, name)) {
    return console_.answer(
        "error: wifi add needs a priority from 1 to 9, a name of 1 to 32 bytes (a JSON string if it has blanks), and "
        "psk=<key> unless the network is open");
  }
  if (!arguments.empty() && !starts_with(arguments, kPsk)) {
    return console_.answer("error: the key of a network begins with psk=");
  }
  if (arguments == kPsk) return console_.answer("error: psk= has no key; leave it out if the network is open");
  const Text psk = arguments.empty() ? Text() : Text(arguments.data + kPsk.length, arguments.length - kPsk.length);
  const WifiNetwork network{static_cast<uint8_t>(priority), name.text(), psk};
  const char* error = stored_.add(network, answer_when_stored());
  if (error != nullptr) console_.answer("error: ", error);
}

void WifiConsole::remove(Text arguments) {
  Name name;
  const char* error = "wifi remove needs the name of a stored network (a JSON string if it has blanks)";
  if (take_name(arguments, name) && !name.text().empty() && arguments.empty())
    error = stored_.remove(name.text(), answer_when_stored());
  if (error != nullptr) console_.answer("error: ", error);
}

void WifiConsole::list() {
  console_.answer_json([this](JsonWriter& json) { stored_.write(json); });
}

void WifiConsole::scan() {
  if (!network_.start_scan()) return console_.answer("error: the radio is joining a network, try again");
  is_scanning_ = true;
  scan_limit_ = kNever;
}

Millis WifiConsole::poll(Millis now) {
  if (!is_scanning_) return kNever;
  if (scan_limit_ == kNever) scan_limit_ = now + kScanLimit;
  if (network_.scan_state() == ScanState::running && now < scan_limit_) return scan_limit_;
  is_scanning_ = false;
  answer_scan();
  return kNever;
}

void WifiConsole::answer_scan() {
  if (network_.scan_state() != ScanState::done) return console_.answer("error: the scan has failed, try again");
  FoundNetwork found[kMaxFound];
  const size_t count = network_.take_scan(found);
  console_.answer_json([&found, count](JsonWriter& json) { write_found(json, {found, count}); });
}

}  // namespace pb
