#pragma once

#include "core/text_writer.h"
#include "features/logging/log_level.h"

namespace pb {

/// The log level of each feature: one for all, and others by the feature's tag. As text: `info,wifi=debug,ws=error`.
class LogLevels {
 public:
  static constexpr size_t kMaxFeatures = 6;
  static constexpr size_t kMaxName = 14;

  LogLevels() = default;
  explicit LogLevels(LogLevel for_all) : for_all_(for_all) {}

  /// Parses the text form. @return what is wrong with it, to be read after its name; nullptr for nothing. The levels
  /// are unchanged then.
  const char* parse(Text text);
  void format(TextWriter& text) const;

  /// Sets the level of the features that have none of their own.
  void set(LogLevel level) { for_all_ = level; }
  /// Sets the level of one feature. @return what is wrong with `feature`; nullptr for nothing
  const char* set(Text feature, LogLevel level);
  LogLevel of(Text feature) const;

  friend bool operator==(const LogLevels& a, const LogLevels& b);
  friend bool operator!=(const LogLevels& a, const LogLevels& b) { return !(a == b); }

 private:
  struct Own {
    char name[kMaxName] = {};
    uint8_t length = 0;
    LogLevel level = LogLevel::info;

    Text text() const { return {name, length}; }
  };

  const Own* find(Text feature) const;

  Own own_[kMaxFeatures];
  uint8_t count_ = 0;
  LogLevel for_all_ = LogLevel::info;
};

}  // namespace pb
