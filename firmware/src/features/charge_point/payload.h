#pragma once

#include "core/json_reader.h"
#include "features/ocpp_message/ocpp_error.h"
#include "features/time_sync/date_time.h"

namespace pb {

/// Reads the fields of a request and keeps the first error as the CALLERROR to answer with (OCPP-J 1.6 section 4.2.3).
/// Read every field that the request may have, then call complete().
class Payload {
 public:
  explicit Payload(JsonValue object) : object_(object) {}

  /// A string of at most `Characters` characters.
  template <size_t Capacity, size_t Characters>
  void required(Text field, FixedText<Capacity, Characters>& into) {
    read(field, Need::required, into);
  }
  template <size_t Capacity, size_t Characters>
  void optional(Text field, FixedText<Capacity, Characters>& into) {
    read(field, Need::optional, into);
  }
  /// A string that is not copied, because it may be longer than any useful value. @return `none` when it is invalid.
  JsonValue required_text(Text field, size_t max_characters) { return text(field, Need::required, max_characters); }
  JsonValue optional_text(Text field, size_t max_characters) { return text(field, Need::optional, max_characters); }
  void required(Text field, int64_t& into) { read(field, Need::required, into); }
  /// @return whether the field exists.
  bool optional(Text field, int64_t& into) { return read(field, Need::optional, into); }
  /// A value of an enumeration. @return its index in `names`, 0 without a valid value.
  template <size_t N>
  size_t required_name(Text field, const Text (&names)[N]) {
    return read_name(field, Need::required, names);
  }
  template <size_t N>
  size_t optional_name(Text field, const Text (&names)[N]) {
    return read_name(field, Need::optional, names);
  }
  /// A number with or without fraction.
  void required_number(Text field) { find(field, JsonKind::number, Need::required); }
  void optional_number(Text field) { find(field, JsonKind::number, Need::optional); }
  /// A date-time (ISO 8601).
  void optional_time(Text field) {
    const JsonValue value = find(field, JsonKind::string, Need::optional);
    UnixMillis time = 0;
    if (value.exists() && !read_timestamp(value, time)) refuse("a field is no date-time");
  }
  /// Object, array or string that the caller reads; `none` when it is missing or has another type.
  JsonValue required_value(Text field, JsonKind kind) { return find(field, kind, Need::required); }
  JsonValue optional_value(Text field, JsonKind kind) { return find(field, kind, Need::optional); }

  /// Reports that a field has an invalid value.
  void refuse(const char* reason) { fail(OcppError::property_constraint_violation, reason); }
  /// Reports that there are too few or too many elements.
  void refuse_count(const char* reason) { fail(OcppError::occurence_constraint_violation, reason); }
  void refuse_type(const char* reason) { fail(OcppError::type_constraint_violation, reason); }
  /// Adopts the error of a nested object.
  void include(Payload& inner) {
    if (!inner.complete()) fail(inner.error_, inner.reason_);
  }

  /// Call after all fields are read. @return true when they are valid and there are no others.
  bool complete() {
    if (ok_ && object_.size() != found_) fail(OcppError::formation_violation, "a field is unknown or occurs twice");
    return ok_;
  }
  bool ok() const { return ok_; }
  OcppError error() const { return error_; }
  const char* reason() const { return reason_; }

 private:
  enum class Need : uint8_t { required, optional };

  JsonValue find(Text field, JsonKind kind, Need need) {
    const JsonValue value = object_.find(field);
    if (!value.exists()) {
      if (need == Need::required) fail(OcppError::occurence_constraint_violation, "a required field is missing");
      return {};
    }
    ++found_;
    if (value.kind() == kind) return value;
    refuse_type("a field has the wrong type");
    return {};
  }
  template <size_t Capacity, size_t Characters>
  void read(Text field, Need need, FixedText<Capacity, Characters>& into) {
    const JsonValue value = find(field, JsonKind::string, need);
    if (value.exists() && !value.get(into)) refuse("a field is too long");
  }
  JsonValue text(Text field, Need need, size_t max_characters) {
    const JsonValue value = find(field, JsonKind::string, need);
    if (value.characters() <= max_characters) return value;
    refuse("a field is too long");
    return {};
  }
  bool read(Text field, Need need, int64_t& into) {
    const JsonValue value = find(field, JsonKind::number, need);
    if (value.exists() && !value.get(into)) refuse_type("a field is no integer");
    return value.exists();
  }
  template <size_t N>
  size_t read_name(Text field, Need need, const Text (&names)[N]) {
    const JsonValue value = find(field, JsonKind::string, need);
    if (!value.exists()) return 0;
    for (size_t i = 0; i < N; ++i) {
      if (value.equals(names[i])) return i;
    }
    refuse("a field has a value that is not in its enumeration");
    return 0;
  }
  void fail(OcppError error, const char* reason) {
    if (!ok_) return;
    ok_ = false;
    error_ = error;
    reason_ = reason;
  }

  JsonValue object_;
  size_t found_ = 0;
  bool ok_ = true;
  OcppError error_ = OcppError::generic_error;
  const char* reason_ = "";
};

}  // namespace pb
