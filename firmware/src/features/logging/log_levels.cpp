#include "features/logging/log_levels.h"

namespace pb {

namespace {

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
    if (const char* complaint = parsed.set(feature, level); complaint != nullptr) return complaint;
  }
  *this = parsed;
  return nullptr;
}

void LogLevels::format(TextWriter& text) const {
  text.append(name_of(for_all_));
  for (size_t i = 0; i < count_; ++i) text.append_all(',', own_[i].text(), '=', name_of(own_[i].level));
}

const char* LogLevels::set(Text feature, LogLevel level) {
  if (feature.empty() || feature.length > kMaxName || !is_graphic_ascii(feature)) {
    return "must name features by the tag of their lines, of 1 to 14 visible characters";
  }
  Own* own = const_cast<Own*>(find(feature));
  if (own == nullptr) {
    if (count_ == kMaxFeatures) return "may have levels of their own for at most 6 features";
    own = &own_[count_++];
    memcpy(own->name, feature.data, feature.length);
    own->length = static_cast<uint8_t>(feature.length);
  }
  own->level = level;
  return nullptr;
}

LogLevel LogLevels::of(Text feature) const {
  const Own* own = find(feature);
  return own == nullptr ? for_all_ : own->level;
}

const LogLevels::Own* LogLevels::find(Text feature) const {
  for (size_t i = 0; i < count_; ++i) {
    if (own_[i].text() == feature) return &own_[i];
  }
  return nullptr;
}

bool operator==(const LogLevels& a, const LogLevels& b) {
  if (a.for_all_ != b.for_all_ || a.count_ != b.count_) return false;
  for (size_t i = 0; i < a.count_; ++i) {
    if (a.own_[i].text() != b.own_[i].text() || a.own_[i].level != b.own_[i].level) return false;
  }
  return true;
}

}  // namespace pb
