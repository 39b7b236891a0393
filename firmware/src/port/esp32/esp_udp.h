#pragma once

#include <lwip/udp.h>

#include "port/esp32/esp_waker.h"
#include "port/udp.h"

namespace pb::esp32 {

/// Raw lwIP, as EspTcp: the callback runs in lwIP's task with lwIP's lock held, and the loop takes this lock for each
/// call. lwIP: "Raw UDP" (callback-style) API.
class EspUdp final : public Udp {
 public:
  explicit EspUdp(EspWaker& waker) : waker_(waker) {}
  EspUdp(const EspUdp&) = delete;
  EspUdp& operator=(const EspUdp&) = delete;

  bool open(uint16_t port) override;
  void close() override;
  size_t receive(MutableBytes into, UdpPeer& from) override;
  void send(Bytes bytes, const UdpPeer& to) override;

 private:
  static constexpr size_t kWaiting = 4;

  /// A datagram that waits for receive(). It belongs to lwIP's callback. The loop uses it under lwIP's lock.
  struct Datagram {
    pbuf* bytes = nullptr;  ///< nullptr: none
    ip_addr_t address = {};
    uint16_t port = 0;
  };

  static void on_received(void* udp, udp_pcb* pcb, pbuf* bytes, const ip_addr_t* address, u16_t port);

  EspWaker& waker_;
  udp_pcb* pcb_ = nullptr;
  Datagram waiting_[kWaiting];  ///< oldest first
};

}  // namespace pb::esp32
