#include "port/posix/radio_messages.h"

#include <string>

#include "core/hexadecimal.h"

namespace pb::posix {

namespace {

constexpr unsigned kMaxReason = 255;
constexpr unsigned kMaxChannel = 14;

/// Reads a text in hexadecimal digits; `-` is the empty one.
template <size_t N>
bool read_text(std::istream& words, FixedText<N>& text) {
  std::string digits;
  if (!(words >> digits)) return false;
  text.clear();
  if (digits == "-") return true;
  if (digits.size() % 2 != 0 || digits.size() > 2 * N || !is_hexadecimal({digits.data(), digits.size()})) return false;
  uint8_t bytes[N];
  const size_t length = decode_hexadecimal({digits.data(), digits.size()}, bytes);
  return text.assign({reinterpret_cast<const char*>(bytes), length});
}

bool parse_access_point(std::istream& words, RadioChange& change) {
  std::string state;
  change.kind = RadioChange::Kind::access_point;
  change.access_point = {};
  if (!(words >> change.number >> state) || change.number >= SimulatedRadio::kMaxAccessPoints) return false;
  if (state == "off") return true;
  int rssi = 0;
  unsigned channel = 0;
  if (state != "on" || !read_text(words, change.access_point.ssid) || !read_text(words, change.access_point.psk)) {
    return false;
  }
  if (!(words >> rssi >> channel) || rssi < INT8_MIN || rssi > 0 || channel < 1 || channel > kMaxChannel) return false;
  change.access_point.rssi = static_cast<int8_t>(rssi);
  change.access_point.channel = static_cast<uint8_t>(channel);
  return true;
}

bool parse_events(std::istream& words, RadioChange& change) {
  std::string kind;
  change.kind = RadioChange::Kind::events;
  if (!(words >> kind >> change.duration)) return false;
  change.events = kind == "lost" ? LeftEvents::lost : kind == "twice" ? LeftEvents::twice : LeftEvents::normal;
  return change.events != LeftEvents::normal || kind == "normal";
}

}  // namespace

bool parse_radio_message(std::istream& words, RadioChange& change) {
  std::string kind;
  words >> kind;
  if (kind == "ap") return parse_access_point(words, change);
  if (kind == "events") return parse_events(words, change);
  uint64_t number = 0;
  if (!(words >> number)) return false;
  change.duration = number;
  change.gives_leases = number == 1;
  change.reason = static_cast<uint16_t>(number <= kMaxReason ? number : 0);
  if (kind == "silence") {
    change.kind = RadioChange::Kind::silence;
    return true;
  }
  if (kind == "leases") {
    change.kind = RadioChange::Kind::leases;
    return number <= 1;
  }
  change.kind = kind == "refuse" ? RadioChange::Kind::refuse : RadioChange::Kind::kick;
  return (kind == "refuse" || kind == "kick") && number <= kMaxReason;
}

}  // namespace pb::posix
