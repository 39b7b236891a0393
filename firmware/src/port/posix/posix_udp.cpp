#include "port/posix/posix_udp.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

namespace pb::posix {

PosixUdp::PosixUdp(int fd) : fd_(fd) {
  if (fd_ >= 0) fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) | O_NONBLOCK);
}

bool PosixUdp::open(uint16_t) {
  if (fd_ < 0) return false;
  // Drop the datagrams that came while the access point was closed: on the chip they would not have arrived.
  uint8_t byte;
  while (recv(fd_, &byte, sizeof byte, MSG_DONTWAIT) >= 0) {
  }
  is_open_ = true;
  return true;
}

size_t PosixUdp::receive(MutableBytes into, UdpPeer& from) {
  while (is_open_) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    const ssize_t received =
        recvfrom(fd_, into.data, into.length, MSG_TRUNC, reinterpret_cast<sockaddr*>(&address), &length);
    if (received < 0) return 0;
    if (received == 0 || static_cast<size_t>(received) > kMaxDatagram) continue;
    memcpy(from.address, &address.sin_addr, sizeof from.address);
    from.port = ntohs(address.sin_port);
    return static_cast<size_t>(received);
  }
  return 0;
}

void PosixUdp::send(Bytes bytes, const UdpPeer& to) {
  if (!is_open_) return;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(to.port);
  memcpy(&address.sin_addr, to.address, sizeof to.address);
  sendto(fd_, bytes.data, bytes.length, MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

void PosixUdp::watch(std::vector<pollfd>& descriptors) {
  if (is_open_) descriptors.push_back({fd_, POLLIN, 0});
}

}  // namespace pb::posix
