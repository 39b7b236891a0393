#pragma once

#include <netinet/in.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>

#include "port/clock.h"
#include "port/mbedtls/secured_socket.h"
#include "port/posix/device_heap.h"
#include "port/posix/posix_network.h"
#include "port/posix/wake_source.h"
#include "port/rng.h"
#include "port/secrets.h"
#include "port/tcp.h"

namespace pb::posix {

/// The host's TCP within the chip's limits: ten sockets, and memory for each from the device's heap, also for TLS.
/// While the link is down the sockets are silent, as without radio reception: no call fails, and no data passes.
class PosixTcp final : public Tcp, public WakeSource {
 public:
  static constexpr size_t kSockets = 10;
  /// The memory of lwIP on the chip for a connection: its control block, and its send buffer and window (TCP_SND_BUF =
  /// TCP_WND = 5,744 bytes by default; the two are rarely full at once, so one of them is counted).
  static constexpr size_t kControlBlock = 208;
  static constexpr size_t kBuffers = 5744;

  /// @param listener_fd a bound and listening socket. It takes the connections from outside, whichever port the
  /// firmware names; -1: none. The caller closes it.
  PosixTcp(const Clock& clock, DeviceHeap& heap, PosixNetwork& network, Secrets& secrets, Rng& rng,
           int listener_fd = -1);
  ~PosixTcp();
  PosixTcp(const PosixTcp&) = delete;
  PosixTcp& operator=(const PosixTcp&) = delete;

  /// From now on each connection loses `bytes` of the heap. Any thread.
  void leak(size_t bytes) { leak_.store(bytes); }

  int open(Text host, uint16_t port, const TcpSecurity& security) override;
  TcpState state(int socket) override;
  TcpProblem problem(int socket) const override;
  TcpFailure judge_certificate(int socket, int64_t unix_s) const override;
  size_t send(int socket, Bytes bytes) override;
  size_t receive(int socket, MutableBytes into) override;
  bool delivered(int socket) override;
  void close(int socket) override;
  bool listen(uint16_t port) override;
  void stop_listening() override { is_listening_ = false; }
  int accept_next() override;
  size_t sockets_in_use() const override;

  void watch(std::vector<pollfd>& descriptors) override;
  Millis deadline() override;
  void add_to(UnderWay& under_way) const override;

 private:
  /// The look-up of a name in a thread. The thread may outlive the socket and PosixTcp, so it shares only this object
  /// with them.
  struct Lookup {
    Lookup();
    ~Lookup();
    Lookup(const Lookup&) = delete;
    Lookup& operator=(const Lookup&) = delete;

    /// @param flags of addrinfo. @return whether the address is known now
    bool resolve(const std::string& name, uint16_t port, int flags);
    void end();

    int ended_fd;  ///< readable when the lookup has ended; wakes the loop
    std::atomic<bool> ended{false};
    bool found = false;
    sockaddr_storage address{};
    socklen_t length = 0;
  };
  struct Socket final : mbedtls::SecuredSocket {
    int send_bytes(Bytes bytes) override;
    int receive_bytes(MutableBytes into) override;
    void hang_up() override;

    bool used = false;
    bool is_inbound = false;
    int fd = -1;
    std::shared_ptr<Lookup> lookup;
    void* control_block = nullptr;
    void* buffers = nullptr;
    bool starved = false;  ///< the last send was taken only in part: wait for room
    std::string host;
  };

  bool valid(int socket) const { return socket >= 0 && static_cast<size_t>(socket) < kSockets && at(socket).used; }
  Socket& at(int socket) { return sockets_[static_cast<size_t>(socket)]; }
  const Socket& at(int socket) const { return sockets_[static_cast<size_t>(socket)]; }
  /// A free socket with the memory that lwIP takes for it. @return its index, or kNoSocket
  int take_socket();
  /// Whether the socket's bytes get through now: over the network, or to a station of our own access point.
  bool has_way(const Socket& socket) {
    return network_.link_up() || (socket.is_inbound && network_.is_access_point_open());
  }
  void advance(Socket& socket);
  static void connect(Socket& socket);

  DeviceHeap& heap_;
  PosixNetwork& network_;
  mbedtls::TlsParts tls_;
  int listener_fd_;
  bool is_listening_ = false;
  bool wants_connection_ = false;  ///< the last accept_next() found none
  std::atomic<size_t> leak_{0};
  std::array<Socket, kSockets> sockets_;
};

}  // namespace pb::posix
