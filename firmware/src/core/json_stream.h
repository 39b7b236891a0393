#pragma once

#include "core/json_reader.h"
#include "core/utf8.h"

namespace pb {

/// White space of RFC 8259 section 2.
constexpr bool is_json_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Receives the parts of a JSON text from a JsonStream. Each function returns false to stop the stream.
class JsonEvents {
 public:
  /// A value of this kind begins.
  virtual bool on_begin(JsonKind kind) = 0;
  /// The innermost value ends.
  virtual bool on_end() = 0;
  virtual bool on_name_begin() = 0;
  virtual bool on_name_end() = 0;
  /// A decoded character of the present name or string, or a character of the present number.
  virtual bool on_character(uint32_t code_point) = 0;

 protected:
  ~JsonEvents() = default;
};

/// Reads a JSON text of RFC 8259 byte by byte, so the text can be split anywhere. It checks grammar and UTF-8, rejects
/// lone surrogate escapes, and stores nothing of the text.
class JsonStream {
 public:
  /// @param max_depth levels of containers, at most kMaxJsonDepth
  explicit JsonStream(unsigned max_depth) : max_depth_(max_depth) {}

  /// @return false as soon as the text is invalid or `events` has stopped it; further bytes are then ignored.
  bool feed(char byte, JsonEvents& events);
  /// Ends the text. @return whether the text was exactly one value.
  bool finish(JsonEvents& events);

  /// The reason why the text is invalid; empty if `events` stopped it.
  const char* reason() const { return reason_; }
  /// Number of accepted bytes: the offset of the byte at which the text is invalid or was stopped.
  size_t offset() const { return offset_; }

 private:
  enum class State : uint8_t {
    value,          // a value must follow
    first_item,     // a value, or the end of the array
    first_name,     // a name, or the end of the object
    name,           // a name must follow
    colon,          // after a name
    after_value,    // a comma or the end of the container
    string,         // in a name or string
    escape,         // after the backslash
    hexadecimal,    // in the digits of \u
    low_escape,     // after a high surrogate: the backslash of the low surrogate
    low_u,          // the u of the low surrogate
    word,           // in true, false or null
    minus,          // in a number: after the sign
    zero,           // after a leading 0
    integer,        // in the digits
    point,          // after the point
    fraction,       // in the digits after the point
    exponent,       // after e
    exponent_sign,  // after the exponent's sign
    exponent_digits,
    stopped,
  };

  bool step(char byte, JsonEvents& events);
  bool begin_value(char byte, JsonEvents& events);
  bool begin_number(char byte, JsonEvents& events);
  bool in_string(uint8_t byte, JsonEvents& events);
  bool end_string(JsonEvents& events);
  bool after_backslash(char byte, JsonEvents& events);
  bool in_escape(char byte, JsonEvents& events);
  bool in_number(char byte, JsonEvents& events);
  bool after_value(char byte, JsonEvents& events);
  bool open(JsonKind kind, JsonEvents& events);
  bool close(JsonEvents& events);
  bool is_number_complete() const;
  bool in_object() const { return ((objects_ >> (depth_ - 1)) & 1u) != 0; }
  bool fail(const char* reason) {
    reason_ = reason;
    return false;
  }

  unsigned max_depth_;
  State state_ = State::value;
  bool is_name_ = false;  // the string is a name
  uint8_t digits_ = 0;    // the number of digits of the \u escape so far
  uint16_t unit_ = 0;     // the value of the \u escape
  uint16_t high_ = 0;     // the high surrogate before the \u escape
  unsigned depth_ = 0;
  uint32_t objects_ = 0;     // a bit for each level: whether it is an object
  uint32_t code_point_ = 0;  // the bits so far of a character of several bytes
  Utf8Validator utf8_;
  const char* word_ = "";  // the rest of true, false or null
  size_t offset_ = 0;
  const char* reason_ = "";
};

}  // namespace pb
