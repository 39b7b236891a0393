#pragma once

#include "core/text.h"

namespace pb {

/// The availability that ChangeAvailability has set (OCPP 1.6 section 5.2). It is kept over a restart.
enum class Availability : uint8_t {
  operative,
  connector_inoperative,
  inoperative,  ///< the whole charge point, including its connector
};

constexpr Text kAvailabilityNames[] = {"operative", "connector_inoperative", "inoperative"};

constexpr Text name_of(Availability availability) { return kAvailabilityNames[static_cast<size_t>(availability)]; }

}  // namespace pb
