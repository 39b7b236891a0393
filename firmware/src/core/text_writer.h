#pragma once

#include <type_traits>

#include "core/span.h"
#include "core/text.h"

namespace pb {

/// A number to write as hexadecimal with leading zeros: `Hex{0x2a, 4}` is `002a`.
struct Hex {
  uint64_t value = 0;
  unsigned digits = 1;
};

/// A number to write as decimal with leading zeros: `Padded{7, 2}` is `07`.
struct Padded {
  uint64_t value = 0;
  unsigned digits = 1;
};

/// A named value at the end of a log line: `Field{"rssi", -61}` is ` rssi=-61`. A text that is empty or has a blank,
/// `=`, `"` or `\` is quoted (docs/log-format.md).
template <class Value>
struct Field {
  Text name;
  const Value& value;
};
template <class Value>
Field(const char*, const Value&) -> Field<Value>;

/// Writes text and numbers into a buffer of the caller. Bytes beyond its end are cut off and counted.
class TextWriter {
 public:
  explicit TextWriter(Span<char> buffer) : buffer_(buffer) {}

  TextWriter& append(Text text);
  TextWriter& append(const char* text) { return append(Text(text)); }
  TextWriter& append(char character) { return append(Text(&character, 1)); }
  /// Writes `true` or `false`.
  TextWriter& append(bool value) { return append(value ? Text("true") : Text("false")); }
  TextWriter& append(Hex value);
  TextWriter& append(Padded value);
  /// Writes any integer as decimal.
  template <class Number, std::enable_if_t<std::is_integral_v<Number>, int> = 0>
  TextWriter& append(Number value) {
    if constexpr (std::is_signed_v<Number>) {
      return value < 0 ? append('-').append(Padded{0 - static_cast<uint64_t>(value), 1})
                       : append(Padded{static_cast<uint64_t>(value), 1});
    } else {
      return append(Padded{value, 1});
    }
  }
  template <class Value>
  TextWriter& append(const Field<Value>& field) {
    append(' ').append(field.name).append('=');
    if constexpr (std::is_convertible_v<Value, Text>) {
      return append_field_text(field.value);
    } else {
      return append(field.value);
    }
  }
  template <class... Parts>
  TextWriter& append_all(const Parts&... parts) {
    (append(parts), ...);
    return *this;
  }

  /// Returns the unused end of the buffer, for another writer; take() makes its first bytes part of the text.
  Span<char> rest() const { return buffer_.after(length_); }
  void take(size_t count) { length_ += count; }

  Text text() const { return {buffer_.data, length_}; }
  size_t length() const { return length_; }
  /// Returns the number of bytes that did not fit.
  size_t cut() const { return cut_; }

 private:
  TextWriter& append_field_text(Text value);

  Span<char> buffer_;
  size_t length_ = 0;
  size_t cut_ = 0;
};

}  // namespace pb
