#include "features/logging/log_levels.h"

namespace pb {

namespace {

/// Every tag of a line of the log.
constexpr Text kTags[] = {"app",      "auth",    "boot", "charging", "config", "cp",   "crash", "dns",
                          "ethernet", "log",     "loop", "monitor",  "note",   "ocpp", "power", "schema",
                          "security", "storage", "time", "tx",       "update", "web",  "wifi",  "ws"};
constexpr size_t kTagCount = sizeof kTags / sizeof kTags[0];
static_assert(kTagCount <= LogLevels::kMaxTags, "each tag has room for a level of its own");

/// @return the position of a tag in kTags; kTagCount for another text
size_t index_of(Text tag) {
  size_t i = 0;
  while (i < kTagCount && kTags[i] != tag) ++i;
  return i;
}

constexpr Text kLevelNames[] = {"error", "warning", "info", "debug"};

/// Removes the text up to the first `separator`, or all of it, from `rest`. @return the removed text, trimmed
Text take_until(char separator, Text& rest) {
  size_t end = 0;
  while (end < rest.length && rest.data[end] != separator) ++end;
  const Text part = trimmed({rest.data, end});
  const size_t used = end < rest.length ? end + 1 : end;
  rest = {rest.data + used, rest.length - used};
  return part;
}

}  // namespace

bool parse_log_level(Text word, LogLevel& level) {
  for (size_t i = 0; i < sizeof kLevelNames / sizeof kLevelNames[0]; ++i) {
    if (word == kLevelNames[i]) {
      level = static_cast<LogLevel>(i);
      return true;
    }
  }
  return false;
}

Text name_of(LogLevel level) { return kLevelNames[static_cast<size_t>(level)]; }

const char* LogLevels::parse(Text text) {
  LogLevels parsed;
  if (!parse_log_level(take_until(',', text), parsed.for_all_)) {
    return "must begin with error, warning, info or debug, as in info,wifi=debug";
  }
  while (!text.empty()) {
    Text level_text = take_until(',', text);
    const Text feature = take_until('=', level_text);
    LogLevel level;
    if (!parse_log_level(trimmed(level_text), level)) {
      return "must have error, warning, info or debug for each feature, as in info,wifi=debug";
    }
    if (const char* error = parsed.set(feature, level); error != nullptr) return error;
  }
  *this = parsed;
  return nullptr;
}

void LogLevels::format(TextWriter& text) const {
  text.append(name_of(for_all_));
  for (size_t i = 0; i < kTagCount; ++i) {
    if (own(i) != 0) text.append_all(',', kTags[i], '=', kLevelNames[own(i) - 1]);
  }
}

const char* LogLevels::set(Text tag, LogLevel level) {
  const size_t index = index_of(tag);
  if (index == kTagCount) return "must name features by the tag of their lines, such as wifi, ws, ocpp, cp, tx or auth";
  const unsigned shift = index % 2 * 4;
  const unsigned others = own_[index / 2] & ~(0x0Fu << shift);
  own_[index / 2] = static_cast<uint8_t>(others | (1u + static_cast<unsigned>(level)) << shift);
  return nullptr;
}

LogLevel LogLevels::of(Text tag) const {
  const size_t index = index_of(tag);
  return index == kTagCount || own(index) == 0 ? for_all_ : static_cast<LogLevel>(own(index) - 1);
}

}  // namespace pb
