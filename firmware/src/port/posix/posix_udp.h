#pragma once

#include "port/posix/wake_source.h"
#include "port/udp.h"

namespace pb::posix {

/// The board's UDP socket. It replaces every port, because a program on the host may not use port 53.
class PosixUdp final : public Udp, public WakeSource {
 public:
  /// @param fd a bound socket, which becomes non-blocking; -1: the device has none
  explicit PosixUdp(int fd);

  bool open(uint16_t port) override;
  void close() override { is_open_ = false; }
  size_t receive(MutableBytes into, UdpPeer& from) override;
  void send(Bytes bytes, const UdpPeer& to) override;

  void watch(std::vector<pollfd>& descriptors) override;

 private:
  int fd_;
  bool is_open_ = false;
};

}  // namespace pb::posix
