#include "features/ocpp_message/message_schemas.h"

#include "features/schema/ocpp16_tables.h"

namespace pb {
namespace {

/// OCPP-J 1.6 section 4.2.3.
OcppError error_of(SchemaKeyword keyword) {
  switch (keyword) {
    case SchemaKeyword::json:
    case SchemaKeyword::duplicate:
    case SchemaKeyword::additional_properties:
      return OcppError::formation_violation;
    case SchemaKeyword::type:
      return OcppError::type_constraint_violation;
    case SchemaKeyword::required:
    case SchemaKeyword::min_items:
    case SchemaKeyword::max_items:
      return OcppError::occurence_constraint_violation;
    default:
      return OcppError::property_constraint_violation;
  }
}

}  // namespace

MessageSchemas::MessageSchemas() : tables_(ocpp16_tables()) {}

bool MessageSchemas::check(Text action, MessageKind kind, Text payload, Formats formats,
                           SchemaViolation& violation) const {
  const uint16_t node = tables_.find(action, kind == MessageKind::request);
  if (node == SchemaTables::kAny) return true;
  SchemaValidator validator(tables_, node, formats);
  if (validator.feed(payload) && validator.finish()) return true;
  violation.error = error_of(validator.violation());
  char bytes[decltype(violation.text)::capacity()];
  TextWriter description{Span<char>(bytes)};
  validator.describe(description);
  violation.text.assign(description.text());
  return false;
}

}  // namespace pb
