#pragma once

#include "features/ocpp_message/ocpp_error.h"
#include "features/schema/validator.h"

namespace pb {

enum class MessageKind : uint8_t { request, response };

/// A violation of a message's schema.
struct SchemaViolation {
  OcppError error = OcppError::generic_error;  // the code of the CALLERROR
  FixedText<160> text;                         // pointer, keyword and offset; cut at the end when it is long
};

/// The schemas of the messages of the present protocol: the built-in schemas of OCPP 1.6, or the schemas of a newer
/// pack.
class MessageSchemas {
 public:
  MessageSchemas();

  /// Replaces the schemas. @param tables outlive this object
  void use(SchemaTables tables) { tables_ = tables; }

  /// Validates a payload. An action without a schema has no invalid payload.
  /// @return false, with the first violation, when it is invalid.
  bool check(Text action, MessageKind kind, Text payload, Formats formats, SchemaViolation& violation) const;

 private:
  SchemaTables tables_;
};

}  // namespace pb
