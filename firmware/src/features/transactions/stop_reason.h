#pragma once

#include "core/text.h"

namespace pb {

/// Reason of a StopTransaction.req (OCPP 1.6 section 7.36).
enum class StopReason : uint8_t {
  de_authorized,
  emergency_stop,
  ev_disconnected,
  hard_reset,
  local,
  other,
  power_loss,
  reboot,
  remote,
  soft_reset,
  unlock_command,
};

Text name_of(StopReason reason);
/// @return false, with `reason` unchanged, when there is no reason of that name.
bool parse_stop_reason(Text name, StopReason& reason);

}  // namespace pb
