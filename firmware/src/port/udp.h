#pragma once

#include "core/span.h"

namespace pb {

/// The sender of a datagram, IPv4.
struct UdpPeer {
  uint8_t address[4] = {};  ///< most significant byte first
  uint16_t port = 0;
};

/// One UDP socket at the device's own access point, without blocking.
class Udp {
 public:
  /// The longest datagram that receive() returns (RFC 1035, section 2.3.4); longer ones are dropped.
  static constexpr size_t kMaxDatagram = 512;

  /// Receives at `port` of the access point's address from now on. @return false where the platform has no room for
  /// that
  virtual bool open(uint16_t port) = 0;
  virtual void close() = 0;
  /// Takes the next datagram. A few datagrams can wait; further ones are dropped. Each one that arrives wakes the loop.
  /// @param into at least kMaxDatagram bytes  @return the length of the datagram, 0 when there is none
  virtual size_t receive(MutableBytes into, UdpPeer& from) = 0;
  /// Sends a datagram, or drops it where memory is short.
  virtual void send(Bytes bytes, const UdpPeer& to) = 0;

 protected:
  ~Udp() = default;
};

}  // namespace pb
