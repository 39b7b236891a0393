#include "port/posix/radio_messages.h"

#include <string>

#include "core/hexadecimal.h"
#include "port/posix/simulated_radio.h"

namespace pb::posix {

namespace {

constexpr size_t kMaxAccessPoints = 16;
constexpr unsigned kMaxReason = 255;
constexpr unsigned kMaxChannel = 14;

/// Reads a text in hexadecimal digits; `-` is the empty one.
bool read_text(std::istream& words, std::string& text) {
  std::string digits;
  if (!(words >> digits)) return false;
  text.clear();
  if (digits == "-") return true;
  if (digits.size() % 2 != 0 || !is_hexadecimal({digits.data(), digits.size()})) return false;
  for (size_t i = 0; i < digits.size(); i += 2) {
    text += static_cast<char>(hex_digit(digits[i]) << 4 | hex_digit(digits[i + 1]));
  }
  return true;
}

RadioChange parse_access_point(std::istream& words) {
  size_t number = 0;
  std::string state;
  if (!(words >> number >> state) || number >= kMaxAccessPoints) return {};
  if (state == "off") return [number](SimulatedRadio& radio, uint64_t now) { radio.remove(number, now); };
  SimulatedRadio::AccessPoint access_point;
  int rssi = 0;
  unsigned channel = 0;
  if (state != "on" || !read_text(words, access_point.ssid) || !read_text(words, access_point.psk)) return {};
  if (!(words >> rssi >> channel) || rssi < INT8_MIN || rssi > 0 || channel < 1 || channel > kMaxChannel) return {};
  access_point.rssi = static_cast<int8_t>(rssi);
  access_point.channel = static_cast<uint8_t>(channel);
  return [=](SimulatedRadio& radio, uint64_t now) { radio.put(number, access_point, now); };
}

RadioChange parse_events(std::istream& words) {
  std::string kind;
  uint64_t delay = 0;
  if (!(words >> kind >> delay)) return {};
  using LeftEvents = SimulatedRadio::LeftEvents;
  const LeftEvents events = kind == "lost"    ? LeftEvents::lost
                            : kind == "twice" ? LeftEvents::twice
                                              : LeftEvents::normal;
  if (events == LeftEvents::normal && kind != "normal") return {};
  return [=](SimulatedRadio& radio, uint64_t) { radio.set_left_events(events, delay); };
}

}  // namespace

RadioChange parse_radio_message(std::istream& words) {
  std::string kind;
  words >> kind;
  if (kind == "ap") return parse_access_point(words);
  if (kind == "events") return parse_events(words);
  uint64_t number = 0;
  if (!(words >> number)) return {};
  if (kind == "silence") return [=](SimulatedRadio& radio, uint64_t) { radio.require_silence(number); };
  if (kind == "leases" && number <= 1) {
    return [=](SimulatedRadio& radio, uint64_t now) { radio.set_leases(number == 1, now); };
  }
  if (number > kMaxReason) return {};
  const auto reason = static_cast<uint16_t>(number);
  if (kind == "refuse") return [=](SimulatedRadio& radio, uint64_t) { radio.refuse(reason); };
  if (kind == "kick") return [=](SimulatedRadio& radio, uint64_t now) { radio.kick(reason, now); };
  return {};
}

}  // namespace pb::posix
