#pragma once

#include "core/json_reader.h"
#include "features/ocpp_message/ocpp_error.h"
#include "features/time_sync/date_time.h"

namespace pb {

/// Reads the fields of a request that fits its schema. Keeps the first error that no schema describes: the answer is
/// then a CALLERROR (OCPP-J 1.6 section 4.2.3).
class Payload {
 public:
  explicit Payload(JsonValue object) : object_(object) {}

  /// Returns a field; `none` when the request has none.
  JsonValue value(Text field) const { return object_.find(field); }
  /// Reads a string; its capacity is the limit of the schema.
  template <size_t Capacity, size_t Characters>
  void read(Text field, FixedText<Capacity, Characters>& into) {
    const JsonValue given = value(field);
    if (given.exists() && !given.get(into)) reject("a field is too long");
  }
  /// Reads an integer, for which the schema has no limits. @return whether the field exists.
  bool read(Text field, int64_t& into) {
    const JsonValue given = value(field);
    if (given.exists() && !given.get(into)) fail(OcppError::type_constraint_violation, "an integer is too large");
    return given.exists();
  }
  /// Reads a value of an enumeration. @return its index in `names`, 0 without the field.
  template <size_t N>
  size_t name(Text field, const Text (&names)[N]) const {
    const JsonValue given = value(field);
    for (size_t i = 0; i < N; ++i) {
      if (given.equals(names[i])) return i;
    }
    return 0;
  }

  /// Reports a given text that is no date-time (ISO 8601).
  void check_time(JsonValue given) {
    UnixMillis time = 0;
    if (given.exists() && !read_timestamp(given, time)) reject("a field is no date-time");
  }
  /// Reports that a field has an invalid value.
  void reject(const char* reason) { fail(OcppError::property_constraint_violation, reason); }
  /// Reports that there are too many elements.
  void reject_count(const char* reason) { fail(OcppError::occurence_constraint_violation, reason); }

  bool ok() const { return ok_; }
  OcppError error() const { return error_; }
  const char* reason() const { return reason_; }

 private:
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
