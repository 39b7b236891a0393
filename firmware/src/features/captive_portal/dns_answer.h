#pragma once

#include "core/span.h"

namespace pb {

/// Turns a DNS query (RFC 1035, section 4) into its answer, in place: every name has the device's address, so that a
/// phone finds the page of the access point (RFC 8952, section 1).
/// @param packet holds the query, and has room for 16 bytes more  @param length of the query in bytes
/// @param address IPv4, most significant byte first
/// @return the length of the answer; 0: the packet is not a query and gets no answer
size_t answer_dns(MutableBytes packet, size_t length, const uint8_t (&address)[4]);

}  // namespace pb
