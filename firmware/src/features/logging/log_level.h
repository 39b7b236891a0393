#pragma once

#include "core/text.h"

namespace pb {

enum class LogLevel : uint8_t { error, warning, info, debug };

/// Parses `error`, `warning`, `info` or `debug`. @return false, with `level` unchanged, for any other word.
bool parse_log_level(Text word, LogLevel& level);
Text name_of(LogLevel level);

}  // namespace pb
