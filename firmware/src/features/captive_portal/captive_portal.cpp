#include "features/captive_portal/captive_portal.h"

#include "features/captive_portal/dns_answer.h"

namespace pb {

namespace {

constexpr Text kTag = "dns";

}  // namespace

Millis CaptivePortal::poll(Millis now) {
  const bool is_wanted = wifi_.is_setup_open() && has_socket_;
  if (is_wanted && !is_open_) {
    is_open_ = has_socket_ = udp_.open(kPort);
    if (!is_open_) log_.warning(kTag, "no socket for DNS: phones do not open the page by themselves");
  } else if (!is_wanted && is_open_) {
    udp_.close();
    is_open_ = false;
  }
  if (!is_open_) return kNever;
  for (size_t queries = 0; queries < kMostPerPoll; ++queries) {
    uint8_t packet[Udp::kMaxDatagram];
    UdpPeer from;
    const size_t received = udp_.receive(packet, from);
    if (received == 0) return kNever;
    const size_t length = answer_dns(packet, received, Network::kAccessPointAddress);
    if (length != 0) udp_.send({packet, length}, from);
  }
  return now;
}

}  // namespace pb
