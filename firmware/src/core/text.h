#pragma once

#include <string.h>

#include "core/span.h"

namespace pb {

/// A reference to UTF-8 bytes without a terminating NUL. (A freestanding build has no `<string_view>`.)
struct Text {
  const char* data = "";
  size_t length = 0;

  constexpr Text() = default;
  constexpr Text(const char* first, size_t count) : data(first), length(count) {}
  constexpr Text(const char* c_string) : data(c_string), length(__builtin_strlen(c_string)) {}  // NOLINT

  constexpr bool empty() const { return length == 0; }
  Bytes bytes() const { return {reinterpret_cast<const uint8_t*>(data), length}; }

  friend bool operator==(Text a, Text b) { return a.length == b.length && memcmp(a.data, b.data, a.length) == 0; }
  friend bool operator!=(Text a, Text b) { return !(a == b); }
};

/// Returns the text in a field of a C structure, which ends with a NUL or with the field.
inline Text text_of_field(const char* field, size_t size) {
  const void* end = memchr(field, '\0', size);
  return {field, end == nullptr ? size : static_cast<size_t>(static_cast<const char*>(end) - field)};
}

inline bool starts_with(Text text, Text prefix) {
  return text.length >= prefix.length && Text(text.data, prefix.length) == prefix;
}

/// Returns the text without leading and trailing blanks and tabs.
inline Text trimmed(Text text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.data[0])) text = {text.data + 1, text.length - 1};
  while (!text.empty() && blank(text.data[text.length - 1])) --text.length;
  return text;
}

/// Returns whether the text has only visible ASCII characters: no blanks, no control characters.
inline bool is_graphic_ascii(Text text) {
  for (size_t i = 0; i < text.length; ++i) {
    if (text.data[i] <= ' ' || text.data[i] > '~') return false;
  }
  return true;
}

/// Returns whether the text has only visible ASCII characters and blanks.
inline bool is_printable_ascii(Text text) {
  for (size_t i = 0; i < text.length; ++i) {
    if (text.data[i] < ' ' || text.data[i] > '~') return false;
  }
  return true;
}

/// Compares case-insensitively, as OCPP 1.6 (sections 7.14 to 7.18) and HTTP's names require. Only ASCII letters have
/// case.
inline bool equal_ignoring_case(Text a, Text b) {
  if (a.length != b.length) return false;
  for (size_t i = 0; i < a.length; ++i) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    if (lower(a.data[i]) != lower(b.data[i])) return false;
  }
  return true;
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
/// Whether the byte continues a character of UTF-8.
constexpr bool is_utf8_continuation(char byte) { return (static_cast<uint8_t>(byte) & 0xc0) == 0x80; }

/// Returns the place of the first `character`, or the length of the text if it has none.
inline size_t find(Text text, char character) {
  size_t i = 0;
  while (i < text.length && text.data[i] != character) ++i;
  return i;
}

/// Returns the number of characters in a UTF-8 text, the unit of OCPP's limits (JSON Schema, maxLength).
inline size_t count_characters(Text text) {
  size_t count = 0;
  for (size_t i = 0; i < text.length; ++i) count += is_utf8_continuation(text.data[i]) ? 0u : 1u;
  return count;
}

/// An owned text of at most `Capacity` bytes and `Characters` characters, terminated by NUL. A longer text is rejected,
/// never cut.
template <size_t Capacity, size_t Characters = Capacity>
class FixedText {
 public:
  FixedText() = default;
  /// Copies a literal that fits.
  template <size_t Size>
  constexpr explicit FixedText(const char (&literal)[Size]) : length_(Size - 1) {
    static_assert(Size - 1 <= Capacity, "the literal is too long");
    for (size_t i = 0; i < Size; ++i) bytes_[i] = literal[i];
  }

  /// Copies a text. @return false, with the content unchanged, when it is longer than Capacity or Characters.
  bool assign(Text text) {
    if (text.length > Capacity || (text.length > Characters && count_characters(text) > Characters)) return false;
    memmove(bytes_, text.data, text.length);
    length_ = text.length;
    bytes_[length_] = '\0';
    return true;
  }
  void clear() {
    length_ = 0;
    bytes_[0] = '\0';
  }
  /// Overwrites all bytes, for a secret. An optimizer cannot remove this.
  void wipe() {
    volatile char* byte = bytes_;
    for (size_t i = 0; i < sizeof bytes_; ++i) byte[i] = 0;
    length_ = 0;
  }
  Text text() const { return {bytes_, length_}; }
  const char* c_str() const { return bytes_; }
  bool empty() const { return length_ == 0; }
  size_t length() const { return length_; }
  static constexpr size_t capacity() { return Capacity; }
  static constexpr size_t characters() { return Characters; }

 private:
  char bytes_[Capacity + 1] = {};
  size_t length_ = 0;
};

/// A text of at most `Characters` characters, as OCPP limits it (CiString20Type and the like, OCPP 1.6 section 7.16),
/// with up to four bytes of UTF-8 for each.
template <size_t Characters>
using CharacterText = FixedText<4 * Characters, Characters>;

}  // namespace pb
