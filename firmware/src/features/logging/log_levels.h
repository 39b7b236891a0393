#pragma once

#include "core/text_writer.h"
#include "features/logging/log_level.h"

namespace pb {

/// The log level of each feature: one level for all features, and separate levels for single features by their tags. As
/// text: `info,wifi=debug,ws=error`.
class LogLevels {
 public:
  /// The tags of the lines; log_levels.cpp lists them.
  static constexpr size_t kMaxTags = 24;

  LogLevels() = default;
  explicit LogLevels(LogLevel for_all) : for_all_(for_all) {}

  /// Parses the text form. @return nullptr; or the problem, to be read after the name of the setting, and the levels
  /// are unchanged.
  const char* parse(Text text);
  void format(TextWriter& text) const;

  /// Sets the level of the features that have none of their own.
  void set(LogLevel level) { for_all_ = level; }
  /// Sets the level of one feature. @return the problem with `tag`, or nullptr
  const char* set(Text tag, LogLevel level);
  LogLevel of(Text tag) const;

  friend bool operator==(const LogLevels& a, const LogLevels& b) {
    return a.for_all_ == b.for_all_ && memcmp(a.own_, b.own_, sizeof a.own_) == 0;
  }
  friend bool operator!=(const LogLevels& a, const LogLevels& b) { return !(a == b); }

 private:
  // Settings has copies of this object on small stacks, so a level takes half a byte.
  unsigned own(size_t tag) const { return own_[tag / 2] >> (tag % 2 * 4) & 0x0F; }

  uint8_t own_[kMaxTags / 2] = {};  ///< for each tag: 0 for no own level, or 1 + level
  LogLevel for_all_ = LogLevel::info;
};

}  // namespace pb
