#pragma once

#include "core/text.h"

namespace pb {

/// Error codes of a CALLERROR (OCPP-J 1.6 section 4.2.3). Their names are spelled as in the specification.
enum class OcppError : uint8_t {
  not_implemented,
  not_supported,
  internal_error,
  protocol_error,
  security_error,
  formation_violation,
  property_constraint_violation,
  occurence_constraint_violation,
  type_constraint_violation,
  generic_error,
};

constexpr const char* name_of(OcppError error) {
  switch (error) {
    case OcppError::not_implemented:
      return "NotImplemented";
    case OcppError::not_supported:
      return "NotSupported";
    case OcppError::internal_error:
      return "InternalError";
    case OcppError::protocol_error:
      return "ProtocolError";
    case OcppError::security_error:
      return "SecurityError";
    case OcppError::formation_violation:
      return "FormationViolation";
    case OcppError::property_constraint_violation:
      return "PropertyConstraintViolation";
    case OcppError::occurence_constraint_violation:
      return "OccurenceConstraintViolation";
    case OcppError::type_constraint_violation:
      return "TypeConstraintViolation";
    case OcppError::generic_error:
      return "GenericError";
  }
  return "GenericError";
}

}  // namespace pb
