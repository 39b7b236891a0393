#include "core/json_reader.h"

#include "core/decimal.h"
#include "core/hexadecimal.h"
#include "core/json_stream.h"
#include "core/utf8.h"

namespace pb {
namespace {

Text skip(Text text, size_t count) { return {text.data + count, text.length - count}; }

Text skip_space(Text text) {
  size_t i = 0;
  while (i < text.length && is_json_space(text.data[i])) ++i;
  return skip(text, i);
}

/// Parses the four digits after `\u` of a validated text.
uint32_t unicode_escape(Text digits) {
  uint32_t unit = 0;
  for (size_t i = 0; i < 4; ++i) unit = unit << 4 | static_cast<uint32_t>(hex_digit(digits.data[i]));
  return unit;
}

/// Ignores every value: the stream itself checks the grammar.
class Unread final : public JsonEvents {
 public:
  bool on_begin(JsonKind) override { return true; }
  bool on_end() override { return true; }
  bool on_name_begin() override { return true; }
  bool on_name_end() override { return true; }
  bool on_character(uint32_t) override { return true; }
};

/// Decodes the content of a validated string, piece by piece.
class StringDecoder {
 public:
  explicit StringDecoder(Text quoted) : rest_{quoted.data + 1, quoted.length - 2} {}

  /// @return false at the end. Otherwise `bytes` has `length` bytes: one byte of the text, or a decoded escape.
  bool next(uint8_t (&bytes)[4], size_t& length) {
    if (rest_.empty()) return false;
    char c = rest_.data[0];
    if (c != '\\') {
      bytes[0] = static_cast<uint8_t>(c);
      length = 1;
      rest_ = skip(rest_, 1);
      return true;
    }
    char kind = rest_.data[1];
    rest_ = skip(rest_, 2);
    if (kind == 'u') {
      length = encode_utf8(code_point(), bytes);
      return true;
    }
    bytes[0] = static_cast<uint8_t>(control(kind));
    length = 1;
    return true;
  }

 private:
  static char control(char kind) {
    switch (kind) {
      case 'b':
        return '\b';
      case 'f':
        return '\f';
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      default:
        return kind;
    }
  }

  uint32_t code_point() {
    const uint32_t unit = unicode_escape(rest_);
    rest_ = skip(rest_, 4);
    if (!is_high_surrogate(unit)) return unit;
    const uint32_t low = unicode_escape(skip(rest_, 2));
    rest_ = skip(rest_, 6);
    return join_surrogates(unit, low);
  }

  Text rest_;
};

/// Returns the length of the validated value at the start of `text`. Only brackets and strings matter, because the text
/// is valid.
size_t value_length(Text text) {
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.length; ++i) {
    char c = text.data[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
        if (depth == 0) return i + 1;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return i;  // this bracket ends the container of a scalar
      if (--depth == 0) return i + 1;
    } else if (depth == 0 && (c == ',' || c == ':' || is_json_space(c))) {
      return i;
    }
  }
  return text.length;
}

}  // namespace

JsonKind JsonValue::kind() const {
  if (raw_.empty()) return JsonKind::none;
  switch (raw_.data[0]) {
    case '{':
      return JsonKind::object;
    case '[':
      return JsonKind::array;
    case '"':
      return JsonKind::string;
    case 't':
    case 'f':
      return JsonKind::boolean;
    case 'n':
      return JsonKind::null;
    default:
      return JsonKind::number;
  }
}

JsonValue JsonValue::find(Text name) const {
  if (kind() != JsonKind::object) return {};
  for (JsonItems items(*this); items.next();) {
    if (items.name().equals(name)) return items.value();
  }
  return {};
}

JsonValue JsonValue::at(size_t index) const {
  if (kind() != JsonKind::array) return {};
  for (JsonItems items(*this); items.next(); --index) {
    if (index == 0) return items.value();
  }
  return {};
}

JsonValue JsonValue::path(Text path) const {
  JsonValue value = *this;
  while (value.exists()) {
    size_t length = 0;
    while (length < path.length && path.data[length] != '.') ++length;
    Text step{path.data, length};
    uint64_t index = 0;
    if (value.kind() == JsonKind::array) {
      value = parse_decimal_unsigned(step, index) ? value.at(static_cast<size_t>(index)) : JsonValue();
    } else {
      value = value.find(step);
    }
    if (length == path.length) return value;
    path = skip(path, length + 1);
  }
  return value;
}

size_t JsonValue::size() const {
  size_t count = 0;
  for (JsonItems items(*this); items.next();) ++count;
  return count;
}

bool JsonValue::get(bool& value) const {
  if (kind() != JsonKind::boolean) return false;
  value = raw_.data[0] == 't';
  return true;
}

bool JsonValue::get(int64_t& value) const { return kind() == JsonKind::number && parse_decimal(raw_, value); }

bool JsonValue::get_unsigned(uint64_t& value) const {
  return kind() == JsonKind::number && parse_decimal_unsigned(raw_, value);
}

bool JsonValue::unescape(Span<char> into, size_t& length) const {
  if (kind() != JsonKind::string) return false;
  StringDecoder decoder(raw_);
  uint8_t bytes[4];
  size_t count = 0;
  size_t filled = 0;
  while (decoder.next(bytes, count)) {
    if (count > into.length - filled) return false;
    memcpy(into.data + filled, bytes, count);
    filled += count;
  }
  length = filled;
  return true;
}

size_t JsonValue::characters() const {
  if (kind() != JsonKind::string) return 0;
  StringDecoder decoder(raw_);
  uint8_t bytes[4];
  size_t length = 0;
  size_t count = 0;
  while (decoder.next(bytes, length)) count += count_characters({reinterpret_cast<const char*>(bytes), length});
  return count;
}

bool JsonValue::equals(Text text) const {
  if (kind() != JsonKind::string) return false;
  StringDecoder decoder(raw_);
  uint8_t bytes[4];
  size_t count = 0;
  size_t matched = 0;
  while (decoder.next(bytes, count)) {
    if (count > text.length - matched || memcmp(text.data + matched, bytes, count) != 0) return false;
    matched += count;
  }
  return matched == text.length;
}

JsonItems::JsonItems(JsonValue container) {
  JsonKind kind = container.kind();
  object_ = kind == JsonKind::object;
  if (object_ || kind == JsonKind::array) rest_ = {container.raw_.data + 1, container.raw_.length - 2};
}

JsonValue JsonItems::take() {
  rest_ = skip_space(rest_);
  JsonValue value(Text{rest_.data, value_length(rest_)});
  rest_ = skip_space(skip(rest_, value.raw_.length));
  return value;
}

bool JsonItems::next() {
  rest_ = skip_space(rest_);
  if (rest_.empty()) return false;
  if (object_) {
    name_ = take();
    rest_ = skip(rest_, 1);  // the colon
  }
  value_ = take();
  if (!rest_.empty()) rest_ = skip(rest_, 1);  // the comma
  return true;
}

JsonValue parse_json(Text text, JsonError& error) {
  Unread unread;
  JsonStream stream(kMaxJsonDepth);
  size_t fed = 0;
  while (fed < text.length && stream.feed(text.data[fed], unread)) ++fed;
  if (fed < text.length || !stream.finish(unread)) {
    error = {stream.reason(), stream.offset()};
    return {};
  }
  Text value = skip_space(text);
  return JsonValue(Text{value.data, value_length(value)});
}

}  // namespace pb
