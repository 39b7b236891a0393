#pragma once

#include "core/json_reader.h"
#include "features/logging/logger.h"
#include "features/time_sync/date_time.h"
#include "features/transactions/record.h"

namespace pb {

/// AuthorizationStatus (OCPP 1.6 section 7.2).
enum class AuthorizationStatus : uint8_t { accepted, blocked, expired, invalid, concurrent_tx };

Text name_of(AuthorizationStatus status);

/// IdTagInfo (OCPP 1.6 section 7.27): what the CSMS says of an idTag.
struct IdTagInfo {
  /// An expiryDate that has passed for certain, whatever the clock says.
  static constexpr UnixMillis kExpired = 1;

  AuthorizationStatus status = AuthorizationStatus::invalid;
  UnixMillis expires = 0;  ///< 0: never
  IdTag parent;            ///< empty: none

  bool accepted() const { return status == AuthorizationStatus::accepted; }
  /// Reads the object that the CSMS sent, each field by itself. A field that cannot be read restricts, and is logged:
  /// no known status is Invalid, an unreadable expiryDate has passed, an unreadable parentIdTag is no group.
  void read(JsonValue info, Logger& log);
};

}  // namespace pb
