#pragma once

#include "core/json_reader.h"
#include "features/logging/logger.h"
#include "features/time_sync/date_time.h"
#include "features/transactions/record.h"

namespace pb {

/// AuthorizationStatus (OCPP 1.6 section 7.2).
enum class AuthorizationStatus : uint8_t { accepted, blocked, expired, invalid, concurrent_tx };

Text name_of(AuthorizationStatus status);

/// IdTagInfo (OCPP 1.6 section 7.27): the status that the CSMS assigns to an idTag.
struct IdTagInfo {
  /// An expiryDate that is in the past for every clock.
  static constexpr UnixMillis kExpired = 1;

  AuthorizationStatus status = AuthorizationStatus::invalid;
  UnixMillis expires = 0;  ///< 0: never
  IdTag parent;            ///< empty: none

  bool accepted() const { return status == AuthorizationStatus::accepted; }
  /// Reads each field of the object separately. A field that cannot be read is logged and restricts the idTag: an
  /// unknown status counts as Invalid, an unreadable expiryDate as passed, and an unreadable parentIdTag as missing.
  void read(JsonValue info, Logger& log);
};

}  // namespace pb
