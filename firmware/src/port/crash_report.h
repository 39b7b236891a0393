#pragma once

#include <stdint.h>

#include "core/text.h"

namespace pb {

/// The platform's record of a crash, from before the reset.
struct CrashReport {
  static constexpr size_t kMaxFrames = 16;

  FixedText<95> cause;                ///< such as `abort() was called`
  uintptr_t frames[kMaxFrames] = {};  ///< addresses for addr2line, the innermost first
  size_t frame_count = 0;
};

}  // namespace pb
