#pragma once

#include "core/text.h"

namespace pb {

/// When the device serves its page.
enum class WebAccess : uint8_t {
  on,
  off,
  setup,  ///< only while the setup access point is open
};

constexpr Text kWebAccessNames[] = {"on", "off", "setup"};

constexpr Text name_of(WebAccess access) { return kWebAccessNames[static_cast<size_t>(access)]; }

}  // namespace pb
