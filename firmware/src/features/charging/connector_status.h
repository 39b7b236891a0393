#pragma once

#include "core/text.h"

namespace pb {

/// ChargePointStatus (OCPP 1.6 section 7.7).
enum class ConnectorStatus : uint8_t {
  available,
  preparing,
  charging,
  suspended_evse,
  suspended_ev,
  finishing,
  unavailable,
  faulted,
};

constexpr const char* name_of(ConnectorStatus status) {
  switch (status) {
    case ConnectorStatus::available:
      return "Available";
    case ConnectorStatus::preparing:
      return "Preparing";
    case ConnectorStatus::charging:
      return "Charging";
    case ConnectorStatus::suspended_evse:
      return "SuspendedEVSE";
    case ConnectorStatus::suspended_ev:
      return "SuspendedEV";
    case ConnectorStatus::finishing:
      return "Finishing";
    case ConnectorStatus::unavailable:
      return "Unavailable";
    case ConnectorStatus::faulted:
      return "Faulted";
  }
  return "Faulted";
}

}  // namespace pb
