#pragma once

#include "features/charge_point/payload.h"

namespace pb {

/// Validates the optional ChargingProfile of a request (OCPP 1.6 section 7.8). An error in it becomes the CALLERROR of
/// `request`.
/// @return false when the profile is valid, but not a TxProfile as RemoteStartTransaction requires.
bool read_charging_profile(Payload& request, Text field);

}  // namespace pb
