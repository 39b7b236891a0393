#pragma once

#include "core/span.h"
#include "core/text.h"

namespace pb {

/// The deepest nesting of reader and writer. OCPP 1.6 needs 6 with the message frame, OCPP 2.0.1 needs 14.
constexpr unsigned kMaxJsonDepth = 32;

/// Writes one JSON text (RFC 8259), with commas and escapes, into a buffer of the caller. After an overflow ok() stays
/// false and nothing more is written, so one check at the end is enough.
class JsonWriter {
 public:
  explicit JsonWriter(Span<char> buffer) : buffer_(buffer) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  /// Writes the name of the next value; only inside an object.
  JsonWriter& key(Text name);

  /// Writes a string. Each byte that is not UTF-8 becomes U+FFFD.
  JsonWriter& string(Text value);
  JsonWriter& number(int64_t value);
  JsonWriter& number_unsigned(uint64_t value);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  /// Writes a value that is JSON already. A value that lies in the writer's own buffer, behind the text so far, is
  /// moved into place.
  JsonWriter& raw(Text json);

  JsonWriter& member(Text name, Text value) { return key(name).string(value); }
  JsonWriter& member(Text name, const char* value) { return key(name).string(value); }
  JsonWriter& member(Text name, bool value) { return key(name).boolean(value); }
  JsonWriter& member(Text name, int value) { return key(name).number(value); }
  JsonWriter& member(Text name, int64_t value) { return key(name).number(value); }
  JsonWriter& member(Text name, uint32_t value) { return key(name).number_unsigned(value); }
  JsonWriter& member(Text name, uint64_t value) { return key(name).number_unsigned(value); }

  /// Returns false when the buffer was too small, or nesting went below the outermost value or above kMaxJsonDepth.
  bool ok() const { return ok_; }
  /// Returns the text so far; empty unless ok().
  Text text() const { return ok_ ? Text{buffer_.data, length_} : Text{}; }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();
  void put(Text text);
  void quoted(Text value);

  Span<char> buffer_;
  size_t length_ = 0;
  uint32_t has_items_ = 0;  // bit per level: a comma is due before the next item
  unsigned depth_ = 0;
  bool after_key_ = false;
  bool ok_ = true;
};

}  // namespace pb
