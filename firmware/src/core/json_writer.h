#pragma once

#include "core/span.h"
#include "core/text.h"

namespace pb {

/// The deepest nesting that reader and writer handle. OCPP 1.6 needs 6 with the message frame, OCPP 2.0.1 needs 14.
constexpr unsigned kMaxJsonDepth = 32;

/// Writes one JSON text (RFC 8259) into a buffer that the caller owns. Commas and escapes are its business.
/// What does not fit sets ok() to false for good and writes nothing more: look once, at the end.
class JsonWriter {
 public:
  explicit JsonWriter(Span<char> buffer) : buffer_(buffer) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  /// The name of the next value; only inside an object.
  JsonWriter& key(Text name);

  /// Bytes that are no UTF-8 are written as U+FFFD, one for each bad byte.
  JsonWriter& string(Text value);
  JsonWriter& number(int64_t value);
  JsonWriter& number_unsigned(uint64_t value);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  /// A value that is JSON already. It may lie in the writer's own buffer, behind what has been written: it is moved up.
  JsonWriter& raw(Text json);

  JsonWriter& member(Text name, Text value) { return key(name).string(value); }
  JsonWriter& member(Text name, const char* value) { return key(name).string(value); }
  JsonWriter& member(Text name, bool value) { return key(name).boolean(value); }
  JsonWriter& member(Text name, int value) { return key(name).number(value); }
  JsonWriter& member(Text name, int64_t value) { return key(name).number(value); }
  JsonWriter& member(Text name, uint32_t value) { return key(name).number_unsigned(value); }
  JsonWriter& member(Text name, uint64_t value) { return key(name).number_unsigned(value); }

  /// False when something did not fit, or nesting went below the outermost value or above kMaxJsonDepth.
  bool ok() const { return ok_; }
  /// Everything so far; empty unless ok().
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
