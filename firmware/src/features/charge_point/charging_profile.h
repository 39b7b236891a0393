#pragma once

#include "features/charge_point/payload.h"

namespace pb {

/// Checks the optional ChargingProfile of a request (OCPP 1.6 section 7.8). What is malformed becomes the CALLERROR of
/// `request`.
/// @return false when it is well-formed, but no profile for one transaction (TxProfile), as RemoteStartTransaction
/// needs.
bool read_charging_profile(Payload& request, Text field);

}  // namespace pb
