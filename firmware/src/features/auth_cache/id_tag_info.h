#pragma once

#include "core/json_reader.h"
#include "features/time_sync/date_time.h"
#include "features/transactions/record.h"

namespace pb {

/// AuthorizationStatus (OCPP 1.6 section 7.2).
enum class AuthorizationStatus : uint8_t { accepted, blocked, expired, invalid, concurrent_tx };

Text name_of(AuthorizationStatus status);

/// IdTagInfo (OCPP 1.6 section 7.27): what the CSMS says of an idTag.
struct IdTagInfo {
  AuthorizationStatus status = AuthorizationStatus::invalid;
  UnixMillis expires = 0;  ///< 0: never
  IdTag parent;            ///< empty: none

  /// Reads the object that the CSMS sent. An expiryDate or parentIdTag that is none is left out.
  /// @return false when it has no status that OCPP 1.6 knows.
  bool read(JsonValue info);
};

}  // namespace pb
