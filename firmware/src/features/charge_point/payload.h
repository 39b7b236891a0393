#pragma once

#include "core/json_reader.h"
#include "features/ocpp_message/ocpp_error.h"

namespace pb {

/// Reads the fields of a request and keeps the first thing that is wrong with them, as the CALLERROR to answer with
/// (OCPP-J 1.6 section 4.2.3).
class Payload {
 public:
  explicit Payload(JsonValue object) : object_(object) {}

  /// A string of at most Capacity bytes.
  template <size_t Capacity>
  void required(Text field, FixedText<Capacity>& into) {
    if (check(field, JsonKind::string, Need::required)) check_fits(object_.find(field).get(into));
  }
  void required(Text field, int64_t& into) {
    if (check(field, JsonKind::number, Need::required)) check_integer(object_.find(field).get(into));
  }
  template <size_t Capacity>
  void optional(Text field, FixedText<Capacity>& into) {
    if (check(field, JsonKind::string, Need::optional)) check_fits(object_.find(field).get(into));
  }
  void optional(Text field, int64_t& into) {
    if (check(field, JsonKind::number, Need::optional)) check_integer(object_.find(field).get(into));
  }
  /// Says that a field has a value that it must not have.
  void refuse(const char* reason) { fail(OcppError::property_constraint_violation, reason); }

  bool ok() const { return ok_; }
  OcppError error() const { return error_; }
  const char* reason() const { return reason_; }

 private:
  enum class Need : uint8_t { required, optional };

  /// @return whether the field is there and of that kind.
  bool check(Text field, JsonKind kind, Need need) {
    JsonValue value = object_.find(field);
    if (!value.exists()) {
      if (need == Need::required) fail(OcppError::occurence_constraint_violation, "a required field is missing");
      return false;
    }
    if (value.kind() == kind) return true;
    fail(OcppError::type_constraint_violation, "a field has the wrong type");
    return false;
  }
  void check_fits(bool fits) {
    if (!fits) fail(OcppError::property_constraint_violation, "a field is too long");
  }
  void check_integer(bool is_integer) {
    if (!is_integer) fail(OcppError::type_constraint_violation, "a field is no integer");
  }
  void fail(OcppError error, const char* reason) {
    if (!ok_) return;
    ok_ = false;
    error_ = error;
    reason_ = reason;
  }

  JsonValue object_;
  bool ok_ = true;
  OcppError error_ = OcppError::generic_error;
  const char* reason_ = "";
};

}  // namespace pb
