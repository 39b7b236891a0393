#pragma once

#include "core/json_writer.h"
#include "core/span.h"
#include "core/text.h"

namespace pb {

enum class JsonKind : uint8_t { none, null, boolean, number, string, array, object };

/// Why and where a text is no JSON.
struct JsonError {
  const char* reason = "";
  size_t offset = 0;  // bytes from the start of the text
};

/// A value inside a text that parse_json has checked. It borrows the text and copies nothing, so it costs two words;
/// looking for a member scans the object. What is not there has the kind `none`, and everything asked of it is `none`
/// or false: a path needs one check, at its end.
class JsonValue {
 public:
  constexpr JsonValue() = default;

  JsonKind kind() const;
  bool exists() const { return kind() != JsonKind::none; }
  /// The value as it stands in the text: a number keeps its digits, a string its quotes and escapes.
  Text raw() const { return raw_; }

  /// The member of an object. Of members with the same name the first one counts.
  JsonValue find(Text name) const;
  /// The element of an array, from 0.
  JsonValue at(size_t index) const;
  /// Members and elements separated by dots, such as "meterValue.0.timestamp". Names with dots need find().
  JsonValue path(Text path) const;
  /// How many members or elements; 0 for everything else.
  size_t size() const;

  /// @return false, with `value` kept, when this is something else or does not fit. Integers are written without
  /// fraction and exponent.
  bool get(bool& value) const;
  bool get(int64_t& value) const;
  bool get_unsigned(uint64_t& value) const;
  template <size_t Capacity, size_t Characters>
  bool get(FixedText<Capacity, Characters>& value) const {
    char decoded[Capacity + 1];  // one more, because an empty array is none
    size_t length = 0;
    return unescape({decoded, Capacity}, length) && value.assign({decoded, length});
  }
  /// Decodes a string. @return false when this is none, or `into` is too small.
  bool unescape(Span<char> into, size_t& length) const;
  /// How many characters a string decodes to; 0 for everything else.
  size_t characters() const;
  /// True for a string that decodes to `text`.
  bool equals(Text text) const;

 private:
  friend class JsonItems;
  friend JsonValue parse_json(Text text, JsonError& error);
  explicit JsonValue(Text raw) : raw_(raw) {}

  Text raw_;
};

/// Goes through the members of an object or the elements of an array:
/// `for (JsonItems items(value); items.next();) use(items.name(), items.value());`
class JsonItems {
 public:
  explicit JsonItems(JsonValue container);
  bool next();
  /// The name as a string value; `none` in an array.
  JsonValue name() const { return name_; }
  JsonValue value() const { return value_; }

 private:
  JsonValue take();

  Text rest_;
  bool object_ = false;
  JsonValue name_;
  JsonValue value_;
};

/// Checks that `text` is exactly one JSON text by RFC 8259: grammar, UTF-8, no lone surrogate escapes, at most
/// kMaxJsonDepth levels. @return the value, or `none` with `error` set.
JsonValue parse_json(Text text, JsonError& error);

}  // namespace pb
