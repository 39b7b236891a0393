#include "core/json_stream.h"

#include "core/hexadecimal.h"

namespace pb {

bool JsonStream::feed(char byte, JsonEvents& events) {
  if (state_ == State::stopped) return false;
  if (step(byte, events)) {
    ++offset_;
    return true;
  }
  state_ = State::stopped;
  return false;
}

bool JsonStream::finish(JsonEvents& events) {
  if (state_ == State::stopped) return false;
  bool ok = true;
  if (is_number_complete()) {
    state_ = State::after_value;
    ok = events.on_end();
  }
  if (ok && (state_ != State::after_value || depth_ != 0)) ok = fail("text ends inside a value");
  state_ = State::stopped;
  return ok;
}

bool JsonStream::step(char byte, JsonEvents& events) {
  switch (state_) {
    case State::value:
      return is_json_space(byte) || begin_value(byte, events);
    case State::first_item:
      if (byte == ']') return close(events);
      return is_json_space(byte) || begin_value(byte, events);
    case State::first_name:
      if (byte == '}') return close(events);
      [[fallthrough]];
    case State::name:
      if (is_json_space(byte)) return true;
      if (byte != '"') return fail("expected a member name");
      state_ = State::string;
      is_name_ = true;
      return events.on_name_begin();
    case State::colon:
      if (is_json_space(byte)) return true;
      if (byte != ':') return fail("expected ':'");
      state_ = State::value;
      return true;
    case State::after_value:
      return after_value(byte, events);
    case State::string:
      return in_string(static_cast<uint8_t>(byte), events);
    case State::escape:
      return after_backslash(byte, events);
    case State::hexadecimal:
      return in_escape(byte, events);
    case State::low_escape:
      state_ = State::low_u;
      return byte == '\\' || fail("lone surrogate");
    case State::low_u:
      state_ = State::hexadecimal;
      return byte == 'u' || fail("lone surrogate");
    case State::word:
      if (byte != *word_) return fail("expected a value");
      if (*++word_ != '\0') return true;
      state_ = State::after_value;
      return events.on_end();
    case State::stopped:
      return false;
    default:
      return in_number(byte, events);
  }
}

bool JsonStream::begin_value(char byte, JsonEvents& events) {
  switch (byte) {
    case '{':
      return open(JsonKind::object, events);
    case '[':
      return open(JsonKind::array, events);
    case '"':
      state_ = State::string;
      is_name_ = false;
      return events.on_begin(JsonKind::string);
    case 't':
    case 'f':
      word_ = byte == 't' ? "rue" : "alse";
      state_ = State::word;
      return events.on_begin(JsonKind::boolean);
    case 'n':
      word_ = "ull";
      state_ = State::word;
      return events.on_begin(JsonKind::null);
    default:
      return begin_number(byte, events);
  }
}

bool JsonStream::begin_number(char byte, JsonEvents& events) {
  if (byte != '-' && !is_digit(byte)) return fail("expected a value");
  state_ = byte == '-' ? State::minus : byte == '0' ? State::zero : State::integer;
  return events.on_begin(JsonKind::number) && events.on_character(static_cast<uint8_t>(byte));
}

bool JsonStream::open(JsonKind kind, JsonEvents& events) {
  if (depth_ == max_depth_) return fail(kNestedTooDeep);
  const bool is_object = kind == JsonKind::object;
  objects_ = is_object ? objects_ | (1u << depth_) : objects_ & ~(1u << depth_);
  ++depth_;
  state_ = is_object ? State::first_name : State::first_item;
  return events.on_begin(kind);
}

bool JsonStream::close(JsonEvents& events) {
  --depth_;
  state_ = State::after_value;
  return events.on_end();
}

bool JsonStream::after_value(char byte, JsonEvents& events) {
  if (is_json_space(byte)) return true;
  if (depth_ == 0) return fail("text after the value");
  if (byte == (in_object() ? '}' : ']')) return close(events);
  if (byte != ',') return fail(in_object() ? "expected ',' or '}'" : "expected ',' or ']'");
  state_ = in_object() ? State::name : State::value;
  return true;
}

bool JsonStream::in_string(uint8_t byte, JsonEvents& events) {
  const bool is_inside = !utf8_.complete();
  if (!utf8_.feed(byte)) return fail("string is not UTF-8");
  if (byte >= 0x80) {
    // The first byte of a character of n bytes begins with n one bits and a zero bit.
    code_point_ = is_inside      ? (code_point_ << 6) | (byte & 0x3fu)
                  : byte >= 0xf0 ? byte & 0x07u
                  : byte >= 0xe0 ? byte & 0x0fu
                                 : byte & 0x1fu;
    return !utf8_.complete() || events.on_character(code_point_);
  }
  if (byte == '"') return end_string(events);
  if (byte < 0x20) return fail("control character in a string");
  if (byte != '\\') return events.on_character(byte);
  state_ = State::escape;
  return true;
}

bool JsonStream::end_string(JsonEvents& events) {
  state_ = is_name_ ? State::colon : State::after_value;
  return is_name_ ? events.on_name_end() : events.on_end();
}

bool JsonStream::after_backslash(char byte, JsonEvents& events) {
  state_ = State::string;
  switch (byte) {
    case '"':
    case '\\':
    case '/':
      return events.on_character(static_cast<uint8_t>(byte));
    case 'b':
      return events.on_character('\b');
    case 'f':
      return events.on_character('\f');
    case 'n':
      return events.on_character('\n');
    case 'r':
      return events.on_character('\r');
    case 't':
      return events.on_character('\t');
    case 'u':
      state_ = State::hexadecimal;
      high_ = 0;
      return true;
    default:
      return fail("unknown escape");
  }
}

bool JsonStream::in_escape(char byte, JsonEvents& events) {
  const int digit = hex_digit(byte);
  if (digit < 0) return fail("\\u needs four hexadecimal digits");
  unit_ = static_cast<uint16_t>((digits_ == 0 ? 0 : unit_ << 4) | digit);
  if (++digits_ < 4) return true;
  digits_ = 0;
  if (is_low_surrogate(unit_) != (high_ != 0)) return fail("lone surrogate");
  if (is_high_surrogate(unit_)) {
    high_ = unit_;
    state_ = State::low_escape;
    return true;
  }
  state_ = State::string;
  if (high_ == 0) return events.on_character(unit_);
  return events.on_character(join_surrogates(high_, unit_));
}

bool JsonStream::is_number_complete() const {
  return state_ == State::zero || state_ == State::integer || state_ == State::fraction ||
         state_ == State::exponent_digits;
}

bool JsonStream::in_number(char byte, JsonEvents& events) {
  const bool may_have_exponent = state_ == State::zero || state_ == State::integer || state_ == State::fraction;
  if (is_digit(byte)) {
    if (state_ == State::zero) return fail("number with a leading zero");
    if (state_ == State::minus) state_ = byte == '0' ? State::zero : State::integer;
    if (state_ == State::point) state_ = State::fraction;
    if (state_ == State::exponent || state_ == State::exponent_sign) state_ = State::exponent_digits;
  } else if (byte == '.' && (state_ == State::zero || state_ == State::integer)) {
    state_ = State::point;
  } else if ((byte == 'e' || byte == 'E') && may_have_exponent) {
    state_ = State::exponent;
  } else if ((byte == '+' || byte == '-') && state_ == State::exponent) {
    state_ = State::exponent_sign;
  } else {
    if (!is_number_complete()) return fail("expected a digit");
    state_ = State::after_value;
    return events.on_end() && after_value(byte, events);
  }
  return events.on_character(static_cast<uint8_t>(byte));
}

}  // namespace pb
