#include "features/transactions/stop_reason.h"

namespace pb {
namespace {

constexpr Text kNames[] = {"DeAuthorized", "EmergencyStop", "EVDisconnected", "HardReset", "Local",        "Other",
                           "PowerLoss",    "Reboot",        "Remote",         "SoftReset", "UnlockCommand"};

}  // namespace

Text name_of(StopReason reason) { return kNames[static_cast<size_t>(reason)]; }

bool parse_stop_reason(Text name, StopReason& reason) {
  for (size_t i = 0; i < sizeof kNames / sizeof *kNames; ++i) {
    if (kNames[i] != name) continue;
    reason = static_cast<StopReason>(i);
    return true;
  }
  return false;
}

}  // namespace pb
