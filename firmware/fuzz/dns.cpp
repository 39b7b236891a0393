// A datagram to the DNS server of the setup access point.

#include <string.h>

#include "features/captive_portal/dns_answer.h"
#include "fuzz/input.h"
#include "port/network.h"
#include "port/udp.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pb;
  using pb::fuzz::require;
  if (size > Udp::kMaxDatagram) return 0;
  uint8_t packet[Udp::kMaxDatagram] = {};
  if (size != 0) memcpy(packet, data, size);
  const size_t length = answer_dns(packet, size, Network::kAccessPointAddress);
  if (length == 0) return 0;
  require(length >= 12 && length <= sizeof packet, "an answer has a header and fits into a datagram");
  require(length <= size + 16, "an answer has one record more than its query");
  require(memcmp(packet, data, 2) == 0 && (packet[2] & 0x80) != 0, "an answer has the id of its query");
  // The answer is no query: two such servers do not answer each other.
  uint8_t again[Udp::kMaxDatagram];
  memcpy(again, packet, sizeof again);
  require(answer_dns(again, length, Network::kAccessPointAddress) == 0, "an answer gets no answer");
  return 0;
}
