#pragma once

#include <string.h>

#include "core/span.h"

namespace pb {

/// A borrowed run of UTF-8 bytes, not ended by NUL. (`<string_view>` is not there in a freestanding build.)
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

inline bool starts_with(Text text, Text prefix) {
  return text.length >= prefix.length && Text(text.data, prefix.length) == prefix;
}

/// The text without the blanks and tabs around it.
inline Text trimmed(Text text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.data[0])) text = {text.data + 1, text.length - 1};
  while (!text.empty() && blank(text.data[text.length - 1])) --text.length;
  return text;
}

/// Whether there is nothing in it but ASCII that leaves ink: no blank, no control character, no other alphabet.
inline bool is_graphic_ascii(Text text) {
  for (size_t i = 0; i < text.length; ++i) {
    if (text.data[i] <= ' ' || text.data[i] > '~') return false;
  }
  return true;
}

/// Compares as the case-insensitive strings of OCPP 1.6 (section 7.14 to 7.18) and the names of HTTP do; only ASCII has
/// case.
inline bool equal_ignoring_case(Text a, Text b) {
  if (a.length != b.length) return false;
  for (size_t i = 0; i < a.length; ++i) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    if (lower(a.data[i]) != lower(b.data[i])) return false;
  }
  return true;
}

/// How many characters a text in UTF-8 has: OCPP counts its limits so (JSON Schema, maxLength).
inline size_t count_characters(Text text) {
  size_t count = 0;
  for (size_t i = 0; i < text.length; ++i) count += (static_cast<uint8_t>(text.data[i]) & 0xc0) != 0x80 ? 1 : 0;
  return count;
}

/// `Capacity` bytes of text in place, NUL-ended, of at most `Characters` characters. Assigning more than fits cuts
/// nothing: it is refused.
template <size_t Capacity, size_t Characters = Capacity>
class FixedText {
 public:
  FixedText() = default;
  /// Takes a literal that fits.
  template <size_t Size>
  explicit FixedText(const char (&literal)[Size]) {
    static_assert(Size - 1 <= Capacity, "the literal is too long");
    assign(Text(literal, Size - 1));
  }

  /// Takes a copy. @return false, with the old content kept, when `text` is longer than Capacity or Characters.
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
  Text text() const { return {bytes_, length_}; }
  const char* c_str() const { return bytes_; }
  bool empty() const { return length_ == 0; }
  size_t length() const { return length_; }
  static constexpr size_t capacity() { return Capacity; }

 private:
  char bytes_[Capacity + 1] = {};
  size_t length_ = 0;
};

/// A text of at most `Characters` characters, as OCPP limits it (CiString20Type and the like, OCPP 1.6 section 7.16):
/// UTF-8 takes up to four bytes for one.
template <size_t Characters>
using CharacterText = FixedText<4 * Characters, Characters>;

}  // namespace pb
