#pragma once

#include <freertos/FreeRTOS.h>
#include <lwip/tcp.h>

#include "port/esp32/esp_waker.h"
#include "port/tcp.h"

namespace pb::esp32 {

/// Raw lwIP with callbacks: nothing here blocks, names included. The callbacks run in lwIP's task, which holds lwIP's
/// lock then; the loop takes it for each call (CONFIG_LWIP_TCPIP_CORE_LOCKING).
/// ESP-IDF: API guides, "lwIP"; lwIP: "Raw TCP" (callback-style) API and "DNS".
class EspTcp final : public Tcp {
 public:
  static constexpr size_t kSockets = 10;

  explicit EspTcp(Waker& waker) : waker_(waker) {}
  EspTcp(const EspTcp&) = delete;
  EspTcp& operator=(const EspTcp&) = delete;

  /// From now on each connection loses `bytes` of the heap.
  void leak(size_t bytes) { leak_ = bytes; }

  int open(Text host, uint16_t port) override;
  TcpState state(int socket) override;
  size_t send(int socket, Bytes bytes) override;
  size_t receive(int socket, MutableBytes into) override;
  bool delivered(int socket) override;
  void close(int socket) override;
  size_t sockets_in_use() const override;

 private:
  static constexpr size_t kLongestName = 253;

  struct Socket {
    EspTcp* owner = nullptr;
    bool used = false;
    /// A look-up that is over whose socket was closed or opened anew meanwhile finds another number.
    uint32_t number = 0;
    TcpState state = TcpState::closed;
    uint16_t port = 0;
    tcp_pcb* pcb = nullptr;    ///< nullptr: not connected yet, or gone
    pbuf* received = nullptr;  ///< chained, in order
    bool peer_has_ended = false;
  };
  /// One per look-up under way: lwIP's callback may come long after its socket is closed.
  struct Lookup {
    EspTcp* owner = nullptr;
    size_t index = 0;
    uint32_t number = 0;
    bool used = false;
  };

  bool valid(int socket) const { return socket >= 0 && static_cast<size_t>(socket) < kSockets && at(socket).used; }
  Socket& at(int socket) { return sockets_[static_cast<size_t>(socket)]; }
  const Socket& at(int socket) const { return sockets_[static_cast<size_t>(socket)]; }
  Lookup* free_lookup();
  // With lwIP's lock held:
  void connect(Socket& socket, const ip_addr_t& address);
  static void abandon(Socket& socket);
  static void drop_received(Socket& socket);

  static void on_name(const char* name, const ip_addr_t* address, void* lookup);
  static err_t on_connected(void* socket, tcp_pcb* pcb, err_t error);
  static err_t on_received(void* socket, tcp_pcb* pcb, pbuf* bytes, err_t error);
  static err_t on_sent(void* socket, tcp_pcb* pcb, u16_t length);
  static void on_error(void* socket, err_t error);

  Waker& waker_;
  volatile size_t leak_ = 0;
  uint32_t last_number_ = 0;
  Socket sockets_[kSockets];
  Lookup lookups_[kSockets];
};

}  // namespace pb::esp32
