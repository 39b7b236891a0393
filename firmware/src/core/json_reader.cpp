#include "core/json_reader.h"

#include "core/decimal.h"
#include "core/hexadecimal.h"
#include "core/utf8.h"

namespace pb {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

Text skip(Text text, size_t count) { return {text.data + count, text.length - count}; }

Text skip_space(Text text) {
  size_t i = 0;
  while (i < text.length && is_space(text.data[i])) ++i;
  return skip(text, i);
}

/// Parses the four digits after `\u`. @return -1 when they are invalid.
int32_t unicode_escape(Text digits) {
  if (digits.length < 4) return -1;
  int32_t unit = 0;
  for (size_t i = 0; i < 4; ++i) {
    int digit = hex_digit(digits.data[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

bool is_high_surrogate(int32_t unit) { return unit >= 0xd800 && unit <= 0xdbff; }
bool is_low_surrogate(int32_t unit) { return unit >= 0xdc00 && unit <= 0xdfff; }

/// Checks the grammar without recursion: one bit per level distinguishes objects from arrays.
class Checker {
 public:
  explicit Checker(Text text) : text_(text) {}

  bool run() {
    skip_spaces();
    if (!value()) return false;
    while (depth_ > 0) {
      skip_spaces();
      bool object = in_object();
      if (at() == (object ? '}' : ']')) {
        ++i_;
        --depth_;
        continue;
      }
      if (at() != ',') return fail(object ? "expected ',' or '}'" : "expected ',' or ']'");
      ++i_;
      skip_spaces();
      if (object && !name()) return false;
      if (!value()) return false;
    }
    skip_spaces();
    return i_ == text_.length || fail("text after the value");
  }

  JsonError error() const { return {reason_, i_}; }

 private:
  /// Returns 0 at the end. A NUL in the text is invalid anywhere, so it needs no distinction from the end.
  char at() const { return i_ < text_.length ? text_.data[i_] : '\0'; }
  bool in_object() const { return ((objects_ >> (depth_ - 1)) & 1u) != 0; }
  void skip_spaces() {
    while (i_ < text_.length && is_space(text_.data[i_])) ++i_;
  }
  bool fail(const char* reason) {
    reason_ = i_ < text_.length ? reason : "text ends inside a value";
    return false;
  }

  /// Reads a scalar, or opens containers down to the first scalar or empty container.
  bool value() {
    while (true) {
      skip_spaces();
      char c = at();
      if (c != '{' && c != '[') return scalar();
      if (depth_ == kMaxJsonDepth) return fail(kNestedTooDeep);
      bool object = c == '{';
      objects_ = object ? objects_ | (1u << depth_) : objects_ & ~(1u << depth_);
      ++depth_;
      ++i_;
      skip_spaces();
      if (at() == (object ? '}' : ']')) return true;  // run() handles the closing bracket
      if (object && !name()) return false;
    }
  }

  bool name() {
    if (at() != '"') return fail("expected a member name");
    if (!string()) return false;
    skip_spaces();
    if (at() != ':') return fail("expected ':'");
    ++i_;
    return true;
  }

  bool scalar() {
    switch (at()) {
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  bool word(Text expected) {
    for (size_t k = 0; k < expected.length; ++k, ++i_) {
      if (at() != expected.data[k]) return fail("expected a value");
    }
    return true;
  }

  bool digits() {
    if (!is_digit(at())) return fail("expected a digit");
    while (is_digit(at())) ++i_;
    return true;
  }

  bool number() {
    if (at() != '-' && !is_digit(at())) return fail("expected a value");
    if (at() == '-') ++i_;
    if (at() == '0') {
      ++i_;
      if (is_digit(at())) return fail("number with a leading zero");
    } else if (!digits()) {
      return false;
    }
    if (at() == '.') {
      ++i_;
      if (!digits()) return false;
    }
    if (at() == 'e' || at() == 'E') {
      ++i_;
      if (at() == '+' || at() == '-') ++i_;
      if (!digits()) return false;
    }
    return true;
  }

  bool string() {
    ++i_;
    Utf8Validator utf8;
    while (i_ < text_.length) {
      uint8_t byte = static_cast<uint8_t>(text_.data[i_]);
      if (!utf8.feed(byte)) return fail("string is not UTF-8");
      if (byte == '"') {
        ++i_;
        return true;
      }
      if (byte < 0x20) return fail("control character in a string");
      if (byte == '\\') {
        if (!escape()) return false;
      } else {
        ++i_;
      }
    }
    return fail("");
  }

  bool escape() {
    ++i_;
    switch (at()) {
      case '"':
      case '\\':
      case '/':
      case 'b':
      case 'f':
      case 'n':
      case 'r':
      case 't':
        ++i_;
        return true;
      case 'u': {
        int32_t unit = unicode_escape(skip(text_, i_ + 1));
        if (unit < 0) return fail("\\u needs four hexadecimal digits");
        if (is_low_surrogate(unit)) return fail("lone surrogate");
        if (is_high_surrogate(unit)) {
          Text second = skip(text_, i_ + 5);
          if (second.length < 6 || second.data[0] != '\\' || second.data[1] != 'u' ||
              !is_low_surrogate(unicode_escape(skip(second, 2)))) {
            return fail("lone surrogate");
          }
          i_ += 6;
        }
        i_ += 5;
        return true;
      }
      default:
        return fail("unknown escape");
    }
  }

  Text text_;
  size_t i_ = 0;
  uint32_t objects_ = 0;
  unsigned depth_ = 0;
  const char* reason_ = "";
};

/// Decodes the content of a validated string, piece by piece.
class StringDecoder {
 public:
  explicit StringDecoder(Text quoted) : rest_{quoted.data + 1, quoted.length - 2} {}

  /// @return false at the end; else `length` bytes in `bytes`: one byte of the text, or a decoded escape.
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
    int32_t unit = unicode_escape(rest_);
    rest_ = skip(rest_, 4);
    if (!is_high_surrogate(unit)) return static_cast<uint32_t>(unit);
    int32_t low = unicode_escape(skip(rest_, 2));
    rest_ = skip(rest_, 6);
    return 0x10000u + (static_cast<uint32_t>(unit - 0xd800) << 10) + static_cast<uint32_t>(low - 0xdc00);
  }

  Text rest_;
};

/// Returns the length of the validated value at the start of `text`. Only brackets and strings matter for that.
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
      if (depth == 0) return i;  // the container of a last scalar ends here
      if (--depth == 0) return i + 1;
    } else if (depth == 0 && (c == ',' || c == ':' || is_space(c))) {
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
  Checker checker(text);
  if (!checker.run()) {
    error = checker.error();
    return {};
  }
  Text value = skip_space(text);
  return JsonValue(Text{value.data, value_length(value)});
}

}  // namespace pb
