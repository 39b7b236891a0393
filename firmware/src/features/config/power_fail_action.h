#pragma once

#include "core/text.h"

namespace pb {

/// The action on a transaction when the mains power fails.
enum class PowerFailAction : uint8_t {
  stop,    ///< it ends, with reason PowerLoss
  resume,  ///< it continues when the power is back, also after a restart
};

constexpr Text kPowerFailActionNames[] = {"stop", "resume"};

constexpr Text name_of(PowerFailAction action) { return kPowerFailActionNames[static_cast<size_t>(action)]; }

}  // namespace pb
