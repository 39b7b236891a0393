#include "features/schema/uri_format.h"

#include <string.h>

#include "core/hexadecimal.h"

namespace pb {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_one_of(char c, const char* characters) { return c != '\0' && strchr(characters, c) != nullptr; }
/// `unreserved` and `sub-delims` of RFC 3986, appendix A.
bool is_plain(char c) { return is_letter(c) || is_digit(c) || is_one_of(c, "-._~!$&'()*+,;="); }

}  // namespace

bool Ipv6Format::feed(char character) {
  if (character == ':') {
    if (dots_ > 0 || colons_ == 2) return false;
    if (digits_ > 0) {
      ++pieces_;
    } else if (colons_ == 1) {
      if (is_compressed_) return false;
      is_compressed_ = true;
    }
    digits_ = 0;
    ++colons_;
    octet_ = 0;
    is_decimal_ = true;
    return pieces_ <= 8;
  }
  // A single colon at the start is no `::`.
  if (colons_ == 1 && pieces_ == 0) return false;
  if (character == '.') {
    if (!is_octet() || dots_ == 3) return false;
    ++dots_;
    digits_ = 0;
    octet_ = 0;
    colons_ = 0;
    return true;
  }
  const int digit = hex_digit(character);
  if (digit < 0 || digits_ == 4) return false;
  if (!is_digit(character)) is_decimal_ = false;
  // An octet has no leading zero; a group can have leading zeros.
  if (digits_ > 0 && octet_ == 0) is_decimal_ = false;
  octet_ = static_cast<uint16_t>(octet_ * 10 + digit);
  ++digits_;
  if (dots_ > 0 && !is_octet()) return false;
  colons_ = 0;
  return true;
}

bool Ipv6Format::is_complete() const {
  if (digits_ == 0 && colons_ != 2) return false;
  if (dots_ > 0 && dots_ != 3) return false;
  const unsigned pieces = pieces_ + (dots_ > 0 ? 2u : digits_ > 0 ? 1u : 0u);
  return is_compressed_ ? pieces <= 7 : pieces == 8;
}

bool UriFormat::feed(uint32_t character) {
  is_valid_ = is_valid_ && character < 0x80 && step(static_cast<char>(character));
  return is_valid_;
}

bool UriFormat::is_complete() const {
  if (!is_valid_ || percent_ > 0) return false;
  if (state_ == State::authority) return !has_colon_ || is_port_;
  return state_ != State::start && state_ != State::scheme && state_ != State::literal && state_ != State::future;
}

bool UriFormat::step(char c) {
  switch (state_) {
    case State::start:
      state_ = State::scheme;
      return is_letter(c);
    case State::scheme:
      if (c == ':') {
        state_ = State::colon;
        return true;
      }
      return is_letter(c) || is_digit(c) || is_one_of(c, "+-.");
    case State::colon:
      state_ = c == '/' ? State::slash : State::path;
      return c == '/' || in_path(c);
    case State::slash:
      state_ = c == '/' ? State::authority : State::path;
      return c == '/' || in_path(c);
    case State::authority:
      return in_authority(c);
    case State::literal:
    case State::future:
      return in_literal(c);
    case State::after_literal:
      // Only a port can follow here.
      if (c == ':' && !has_colon_) {
        has_colon_ = true;
        return true;
      }
      return (has_colon_ && is_digit(c)) || after_authority(c);
    case State::path:
      return in_path(c);
    case State::query:
      if (percent_ == 0 && c == '#') {
        state_ = State::fragment;
        return true;
      }
      return take_character(c, ":@/?");
    case State::fragment:
      return take_character(c, ":@/?");
  }
  return false;
}

bool UriFormat::in_authority(char c) {
  if (percent_ == 0) {
    if (c == '@') {
      if (has_user_) return false;
      has_user_ = true;
      has_colon_ = false;
      is_port_ = is_empty_ = true;
      return true;
    }
    if (c == '[') {
      state_ = State::literal;
      return is_empty_;
    }
    if (c == '/' || c == '?' || c == '#') return (!has_colon_ || is_port_) && after_authority(c);
  }
  is_empty_ = false;
  if (c == ':' && percent_ == 0) {
    // Only a user's name and password can contain a second colon.
    if (has_colon_) is_port_ = false;
    has_colon_ = true;
    return !has_user_ || is_port_;
  }
  if (has_colon_ && !is_digit(c)) is_port_ = false;
  if (has_user_ && !is_port_) return false;
  return take_character(c, "");
}

bool UriFormat::in_literal(char c) {
  if (state_ == State::literal) {
    if (c == ']') {
      state_ = State::after_literal;
      has_colon_ = false;
      return address_.is_complete();
    }
    if (is_empty_ && (c == 'v' || c == 'V')) {
      state_ = State::future;
      future_ = 1;
      return true;
    }
    is_empty_ = false;
    return address_.feed(c);
  }
  if (future_ == 3 || future_ == 4) {
    if (c == ']' && future_ == 4) {
      state_ = State::after_literal;
      has_colon_ = false;
      return true;
    }
    future_ = 4;
    return is_plain(c) || c == ':';
  }
  if (c == '.') {
    const bool has_digit = future_ == 2;
    future_ = 3;
    return has_digit;
  }
  future_ = 2;
  return hex_digit(c) >= 0;
}

bool UriFormat::after_authority(char c) {
  state_ = State::path;
  return (c == '/' || c == '?' || c == '#') && in_path(c);
}

bool UriFormat::in_path(char c) {
  if (percent_ == 0 && (c == '?' || c == '#')) {
    state_ = c == '?' ? State::query : State::fragment;
    return true;
  }
  return take_character(c, ":@/");
}

/// Takes a character of `pchar` without `:` and `@`, or one of `others`.
bool UriFormat::take_character(char c, const char* others) {
  if (percent_ > 0) {
    --percent_;
    return hex_digit(c) >= 0;
  }
  if (c == '%') {
    percent_ = 2;
    return true;
  }
  return is_plain(c) || is_one_of(c, others);
}

}  // namespace pb
