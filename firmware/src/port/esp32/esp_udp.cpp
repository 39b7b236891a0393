#include "port/esp32/esp_udp.h"

#include <lwip/ip_addr.h>

#include "port/esp32/lwip_lock.h"
#include "port/network.h"

namespace pb::esp32 {

namespace {

ip_addr_t address_of(const uint8_t (&bytes)[4]) {
  ip_addr_t address = {};
  IP_ADDR4(&address, bytes[0], bytes[1], bytes[2], bytes[3]);
  return address;
}

}  // namespace

bool EspUdp::open(uint16_t port) {
  const LwipLock lock;
  if (pcb_ != nullptr) return true;
  pcb_ = udp_new_ip_type(IPADDR_TYPE_V4);
  if (pcb_ == nullptr) return false;
  // Receive at the access point's address only: the station's network has a DNS server of its own.
  const ip_addr_t own = address_of(Network::kAccessPointAddress);
  if (udp_bind(pcb_, &own, port) != ERR_OK) {
    udp_remove(pcb_);
    pcb_ = nullptr;
    return false;
  }
  udp_recv(pcb_, &on_received, this);
  return true;
}

void EspUdp::close() {
  const LwipLock lock;
  if (pcb_ == nullptr) return;
  udp_remove(pcb_);
  pcb_ = nullptr;
  for (Datagram& datagram : waiting_) {
    if (datagram.bytes != nullptr) pbuf_free(datagram.bytes);
    datagram = Datagram();
  }
}

size_t EspUdp::receive(MutableBytes into, UdpPeer& from) {
  const LwipLock lock;
  const Datagram datagram = waiting_[0];
  if (datagram.bytes == nullptr) return 0;
  for (size_t i = 0; i + 1 < kWaiting; ++i) waiting_[i] = waiting_[i + 1];
  waiting_[kWaiting - 1] = Datagram();
  const uint32_t address = ip_2_ip4(&datagram.address)->addr;  // in network byte order
  for (size_t i = 0; i < sizeof from.address; ++i) from.address[i] = static_cast<uint8_t>(address >> (8 * i));
  from.port = datagram.port;
  const auto room = static_cast<u16_t>(into.length < UINT16_MAX ? into.length : UINT16_MAX);
  const u16_t length = pbuf_copy_partial(datagram.bytes, into.data, room, 0);
  pbuf_free(datagram.bytes);
  return length;
}

void EspUdp::send(Bytes bytes, const UdpPeer& to) {
  const LwipLock lock;
  if (pcb_ == nullptr) return;
  pbuf* packet = pbuf_alloc(PBUF_TRANSPORT, static_cast<u16_t>(bytes.length), PBUF_RAM);
  if (packet == nullptr) return;
  const ip_addr_t address = address_of(to.address);
  if (pbuf_take(packet, bytes.data, static_cast<u16_t>(bytes.length)) == ERR_OK) {
    udp_sendto(pcb_, packet, &address, to.port);
  }
  pbuf_free(packet);
}

void EspUdp::on_received(void* argument, udp_pcb*, pbuf* bytes, const ip_addr_t* address, u16_t port) {
  auto& udp = *static_cast<EspUdp*>(argument);
  for (Datagram& datagram : udp.waiting_) {
    if (datagram.bytes != nullptr || bytes->tot_len > kMaxDatagram) continue;
    datagram = {bytes, *address, port};
    udp.waker_.wake();
    return;
  }
  pbuf_free(bytes);
}

}  // namespace pb::esp32
