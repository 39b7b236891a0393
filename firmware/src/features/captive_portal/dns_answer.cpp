#include "features/captive_portal/dns_answer.h"

#include <string.h>

namespace pb {

namespace {

constexpr size_t kHeader = 12;
constexpr size_t kMaxName = 255;
constexpr size_t kMaxLabel = 63;
constexpr size_t kAnswer = 16;

// The flags of a header, in its bytes 2 and 3.
constexpr uint8_t kResponse = 0x80;
constexpr uint8_t kOpcode = 0x78;
constexpr uint8_t kAuthoritative = 0x04;
constexpr uint8_t kRecursionDesired = 0x01;

enum ResponseCode : uint8_t { no_error = 0, format_error = 1, not_implemented = 4 };

constexpr uint16_t kTypeA = 1;
constexpr uint16_t kTypeAny = 255;
constexpr uint16_t kClassInternet = 1;

uint16_t number_at(MutableBytes packet, size_t place) {
  return static_cast<uint16_t>(packet[place] << 8 | packet[place + 1]);
}

void put(MutableBytes packet, size_t place, uint16_t number) {
  packet[place] = static_cast<uint8_t>(number >> 8);
  packet[place + 1] = static_cast<uint8_t>(number);
}

/// @return the place after the name of the question, 0 for a malformed name. A pointer counts as malformed, because
/// before the question there is no name to which it could point.
size_t end_of_name(MutableBytes packet, size_t length) {
  size_t place = kHeader;
  while (place < length && packet[place] != 0) {
    if (packet[place] > kMaxLabel) return 0;
    place += 1 + size_t{packet[place]};
  }
  return place < length && place + 1 - kHeader <= kMaxName ? place + 1 : 0;
}

/// Writes the header of the answer. `questions` and `answers` are the numbers of records that follow the header.
void put_header(MutableBytes packet, ResponseCode code, uint16_t questions, uint16_t answers) {
  packet[2] = static_cast<uint8_t>(kResponse | kAuthoritative | (packet[2] & (kOpcode | kRecursionDesired)));
  packet[3] = code;
  put(packet, 4, questions);
  put(packet, 6, answers);
  put(packet, 8, 0);
  put(packet, 10, 0);  // an OPT record of the query (RFC 6891) is not answered: section 7 allows that
}

}  // namespace

size_t answer_dns(MutableBytes packet, size_t length, const uint8_t (&address)[4]) {
  if (length < kHeader || length > packet.length || (packet[2] & kResponse) != 0) return 0;
  if ((packet[2] & kOpcode) != 0) {
    put_header(packet, not_implemented, 0, 0);
    return kHeader;
  }
  const size_t end = number_at(packet, 4) == 1 ? end_of_name(packet, length) : 0;
  if (end == 0 || end + 4 > length) {
    put_header(packet, format_error, 0, 0);
    return kHeader;
  }
  const uint16_t type = number_at(packet, end);
  const bool has_address = (type == kTypeA || type == kTypeAny) && number_at(packet, end + 2) == kClassInternet &&
                           end + 4 + kAnswer <= packet.length;
  if (!has_address) {
    // The name exists, and has no record of that type (RFC 2308, section 2.2). With NXDOMAIN as the answer to a query
    // for IPv6, the client would not ask for an IPv4 address either.
    put_header(packet, no_error, 1, 0);
    return end + 4;
  }
  put_header(packet, no_error, 1, 1);
  // A pointer to the name in the question, then type, class, time to live, length and address. The time to live is 0,
  // because in every other network the answer is wrong.
  const uint8_t record[kAnswer] = {0xc0, kHeader, 0, kTypeA, 0,          kClassInternet, 0,          0,
                                   0,    0,       0, 4,      address[0], address[1],     address[2], address[3]};
  memcpy(packet.data + end + 4, record, sizeof record);
  return end + 4 + sizeof record;
}

}  // namespace pb
