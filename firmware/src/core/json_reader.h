#pragma once

#include "core/json_writer.h"
#include "core/span.h"
#include "core/text.h"

namespace pb {

enum class JsonKind : uint8_t { none, null, boolean, number, string, array, object };

/// The reason of a JsonError for text that may be valid JSON, but has more than kMaxJsonDepth levels.
constexpr const char* kNestedTooDeep = "nested too deep";

/// The reason why a text is not JSON, and the place of the error.
struct JsonError {
  const char* reason = "";
  size_t offset = 0;  // bytes from the start of the text
};

/// A value in a text that parse_json has validated. The value refers to that text and copies nothing, so it is two
/// words long. Finding a member scans the object. A missing value has the kind `none`, and so have its members.
/// Therefore a caller checks a path at its end only.
class JsonValue {
 public:
  constexpr JsonValue() = default;

  JsonKind kind() const;
  bool exists() const { return kind() != JsonKind::none; }
  /// The value as in the text: a number with its digits, a string with its quotes and escapes.
  Text raw() const { return raw_; }

  /// Returns a member of an object, the first one where several have that name.
  JsonValue find(Text name) const;
  /// Returns an element of an array, from 0.
  JsonValue at(size_t index) const;
  /// Follows members and elements separated by dots, such as "meterValue.0.timestamp". Names with dots need find().
  JsonValue path(Text path) const;
  /// Returns the number of members or elements; 0 for any other kind.
  size_t size() const;

  /// @return false, with `value` unchanged, when this has another kind or does not fit. An integer must not have a
  /// fraction or an exponent.
  bool get(bool& value) const;
  bool get(int64_t& value) const;
  bool get_unsigned(uint64_t& value) const;
  template <size_t Capacity, size_t Characters>
  bool get(FixedText<Capacity, Characters>& value) const {
    char decoded[Capacity + 1];  // one more, because a C++ array cannot be empty
    size_t length = 0;
    return unescape({decoded, Capacity}, length) && value.assign({decoded, length});
  }
  /// Decodes a string. @return false when this is no string, or `into` is too small.
  bool unescape(Span<char> into, size_t& length) const;
  /// Returns the number of characters of a string after decoding; 0 for any other kind.
  size_t characters() const;
  /// Returns true for a string that decodes to `text`.
  bool equals(Text text) const;

 private:
  friend class JsonItems;
  friend JsonValue parse_json(Text text, JsonError& error);
  explicit JsonValue(Text raw) : raw_(raw) {}

  Text raw_;
};

/// Iterates over the members of an object or the elements of an array:
/// `for (JsonItems items(value); items.next();) use(items.name(), items.value());`
class JsonItems {
 public:
  explicit JsonItems(JsonValue container);
  bool next();
  /// Returns the name as a string value; `none` in an array.
  JsonValue name() const { return name_; }
  JsonValue value() const { return value_; }

 private:
  JsonValue take();

  Text rest_;
  bool object_ = false;
  JsonValue name_;
  JsonValue value_;
};

/// Validates that `text` is exactly one JSON text of RFC 8259: grammar, UTF-8, no lone surrogate escapes, at most
/// kMaxJsonDepth levels. @return the value, or `none` with `error` set.
JsonValue parse_json(Text text, JsonError& error);

}  // namespace pb
