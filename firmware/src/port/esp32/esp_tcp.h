#pragma once

#include <freertos/FreeRTOS.h>
#include <lwip/tcp.h>

#include "port/esp32/esp_heap.h"
#include "port/esp32/esp_waker.h"
#include "port/mbedtls/secured_socket.h"
#include "port/tcp.h"

namespace pb::esp32 {

/// Raw lwIP with callbacks: no call blocks, not even the look-up of a name. The callbacks run in lwIP's task with
/// lwIP's lock held. The loop takes this lock for each call of lwIP (CONFIG_LWIP_TCPIP_CORE_LOCKING), and computes TLS
/// without it. ESP-IDF: API guides, "lwIP"; lwIP: "Raw TCP" (callback-style) API and "DNS".
class EspTcp final : public Tcp {
 public:
  static constexpr size_t kSockets = 10;

  EspTcp(const Clock& clock, EspWaker& waker, EspHeap& heap, Secrets& secrets, Rng& rng);
  EspTcp(const EspTcp&) = delete;
  EspTcp& operator=(const EspTcp&) = delete;

  /// From now on each connection loses `bytes` of the heap.
  void leak(size_t bytes) { leak_ = bytes; }

  int open(Text host, uint16_t port, const TcpSecurity& security) override;
  TcpState state(int socket) override;
  TcpProblem problem(int socket) const override;
  TcpFailure judge_certificate(int socket, int64_t unix_s) const override;
  size_t send(int socket, Bytes bytes) override;
  size_t receive(int socket, MutableBytes into) override;
  bool delivered(int socket) override;
  void close(int socket) override;
  bool listen(uint16_t port) override;
  void stop_listening() override;
  int accept_next() override;
  size_t sockets_in_use() const override;

 private:
  static constexpr size_t kLongestName = 253;
  /// The most connections from outside that can wait for accept_next(); further ones are reset.
  static constexpr size_t kWaiting = 2;

  /// Belongs to lwIP's callbacks. The loop uses it under lwIP's lock.
  struct Link {
    EspTcp* owner = nullptr;
    /// Changes with each use of the link, so that a late result of an earlier socket's look-up is ignored.
    uint32_t number = 0;
    bool used = false;
    bool connected = false;
    bool ended = false;  ///< refused, reset, or ended by the peer
    bool reset = false;  ///< the connection ended without the peer's FIN
    uint16_t port = 0;
    tcp_pcb* pcb = nullptr;    ///< nullptr: gone
    pbuf* received = nullptr;  ///< chained, in order
  };
  /// Belongs to the loop alone.
  struct Socket final : mbedtls::SecuredSocket {
    int send_bytes(Bytes bytes) override;
    int receive_bytes(MutableBytes into) override;
    /// Leaves the connection to lwIP, which ends it.
    void hang_up() override;

    Link link;
    bool used = false;
    char host[kLongestName + 1] = {};
  };
  /// A look-up under way. It outlives its socket, because lwIP's callback may come long after the close.
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
  int free_socket() const;
  /// Makes lwIP report to `link`, whose owner and pcb must be set. Call it with lwIP's lock held.
  static void attach(Link& link);
  void advance(Socket& socket);
  // Call these with lwIP's lock held:
  static void connect(Link& link, const ip_addr_t& address);
  static void detach(Link& link);

  static void on_name(const char* name, const ip_addr_t* address, void* lookup);
  static err_t on_accepted(void* tcp, tcp_pcb* pcb, err_t error);
  static err_t on_connected(void* link, tcp_pcb* pcb, err_t error);
  static err_t on_received(void* link, tcp_pcb* pcb, pbuf* bytes, err_t error);
  static err_t on_sent(void* link, tcp_pcb* pcb, u16_t length);
  static void on_error(void* link, err_t error);

  EspWaker& waker_;
  mbedtls::TlsParts tls_;
  size_t leak_ = 0;
  uint32_t last_number_ = 0;
  Socket sockets_[kSockets];
  Lookup lookups_[kSockets];
  tcp_pcb* listener_ = nullptr;
  Link waiting_[kWaiting];  ///< belongs to lwIP's callbacks; the loop uses it under lwIP's lock
};

}  // namespace pb::esp32
