#pragma once

#include <stdint.h>

namespace pb {

/// Judges an IPv6 address between brackets, character by character (RFC 3986, section 3.2.2).
class Ipv6Format {
 public:
  bool feed(char character);
  bool is_complete() const;

 private:
  bool is_octet() const { return digits_ > 0 && is_decimal_ && octet_ <= 255; }

  uint8_t pieces_ = 0;  // complete groups of 16 bits
  uint8_t digits_ = 0;  // the digits of the present group or octet
  uint8_t dots_ = 0;
  uint8_t colons_ = 0;  // the colons directly before this place
  bool is_compressed_ = false;
  bool is_decimal_ = true;
  uint16_t octet_ = 0;
};

/// Judges the format `uri`, character by character: a URI of RFC 3986, section 3, with its scheme.
class UriFormat {
 public:
  /// @return false as soon as the text cannot become a URI, and for every later character.
  bool feed(uint32_t character);
  /// Whether the text so far is a whole URI.
  bool is_complete() const;

 private:
  enum class State : uint8_t {
    start,
    scheme,
    colon,
    slash,
    authority,
    literal,
    future,
    after_literal,
    path,
    query,
    fragment
  };

  bool step(char character);
  bool in_authority(char character);
  bool in_literal(char character);
  bool after_authority(char character);
  bool in_path(char character);
  bool take_character(char character, const char* others);

  State state_ = State::start;
  bool is_valid_ = true;
  bool has_user_ = false;   // `@` has been read
  bool has_colon_ = false;  // the part that can be host and port has a colon
  bool is_port_ = true;     // only digits have followed that colon
  bool is_empty_ = true;    // the host so far
  uint8_t percent_ = 0;     // digits that must follow a `%`
  uint8_t future_ = 0;  // in an IPvFuture: 1 after `v`, 2 after a digit, 3 after the dot, 4 after its first character
  Ipv6Format address_;
};

}  // namespace pb
