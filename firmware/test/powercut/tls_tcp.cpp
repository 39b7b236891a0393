#include "powercut/tls_tcp.h"

#include <stdlib.h>

#include "port/mbedtls/secured_socket.h"
#include "port/mbedtls/test/tls_server.h"

namespace pb::powercut {
namespace {

/// The memory of all ends of TLS. Only the device's calls count.
class CountedMemory final : public mbedtls::TlsMemory {
 public:
  /// The world of the device that is calling; nullptr during the calls of the CSMS.
  World* caller = nullptr;
  /// Blocks of the device.
  size_t blocks = 0;

  void* allocate_zeroed(size_t size) override {
    if (caller != nullptr && caller->memory.begin_call(size, caller->now)) return nullptr;
    if (caller != nullptr) ++blocks;
    return calloc(1, size);
  }
  void release(void* memory) override {
    if (caller != nullptr && memory != nullptr) --blocks;
    free(memory);
  }
  size_t largest_block() const override { return 0; }
};

/// The parts that mbed TLS has once in a program.
struct Library {
  CountedMemory memory;
  mbedtls::ServerIdentity identity;

  Library() { mbedtls::TlsMemory::install(memory); }
};

Library& library() {
  static Library one;
  return one;
}

/// The calls of the device's end of TLS, until the end of the scope.
class DeviceCalls {
 public:
  explicit DeviceCalls(World& world) { library().memory.caller = &world; }
  ~DeviceCalls() { library().memory.caller = nullptr; }
  DeviceCalls(const DeviceCalls&) = delete;
  DeviceCalls& operator=(const DeviceCalls&) = delete;
};

}  // namespace

const std::string& csms_certificate() { return library().identity.der(); }

/// The ends of a connection, and the bytes between them.
struct TlsTcp::Tunnel final : mbedtls::SecuredSocket {
  Tunnel(FakeTcp::Peer& its_peer, World& its_world) : peer(its_peer), world(its_world), server(library().identity) {}

  /// The wire takes all bytes, so each call begins with the type of a record.
  int send_bytes(Bytes bytes) override {
    if (bytes.data[0] < MBEDTLS_SSL_MSG_CHANGE_CIPHER_SPEC || bytes.data[0] > MBEDTLS_SSL_MSG_APPLICATION_DATA) {
      world.violate("unencrypted", std::to_string(bytes.length) + " bytes are sent without TLS");
    }
    if (peer.state == TcpState::closed) return kReset;
    server.from_client.append(reinterpret_cast<const char*>(bytes.data), bytes.length);
    return static_cast<int>(bytes.length);
  }
  int receive_bytes(MutableBytes into) override {
    if (server.to_client.empty()) return peer.state == TcpState::closed ? 0 : kLater;
    const size_t count = server.to_client.copy(reinterpret_cast<char*>(into.data), into.length);
    server.to_client.erase(0, count);
    return static_cast<int>(count);
  }
  void hang_up() override { peer.state = TcpState::closed; }

  /// Lets the CSMS take and send what it can.
  void serve() {
    if (peer.state == TcpState::open) peer.sent += server.receive();
    if (server.is_open()) {
      server.send(peer.incoming);
      peer.incoming.clear();
    }
    if (server.has_failed()) peer.state = TcpState::closed;
  }

  FakeTcp::Peer& peer;
  World& world;
  mbedtls::TlsServer server;
};

TlsTcp::TlsTcp(Tcp& below, FakeTcp& peers, const Clock& clock, Rng& rng, World& world)
    : below_(below), peers_(peers), clock_(clock), rng_(rng), world_(world) {
  library().memory.blocks = 0;
}

TlsTcp::~TlsTcp() {
  for (int socket = 0; socket < FakeTcp::kSockets; ++socket) close(socket);
}

bool TlsTcp::is_securing() const {
  for (const auto& each : tunnels_) {
    if (each != nullptr && each->state() == TcpState::securing) return true;
  }
  return false;
}

TlsTcp::Tunnel* TlsTcp::tunnel(int socket) const {
  return socket >= 0 && socket < FakeTcp::kSockets ? tunnels_[socket].get() : nullptr;
}

int TlsTcp::open(Text host, uint16_t port, const TcpSecurity& security) {
  const int socket = below_.open(host, port, security);
  if (socket == kNoSocket || !security.tls) return socket;
  tunnels_[socket] = std::make_unique<Tunnel>(peers_.peer(socket), world_);
  tunnels_[socket]->begin(security);
  return socket;
}

TcpState TlsTcp::state(int socket) {
  Tunnel* const secured = tunnel(socket);
  if (secured == nullptr) return below_.state(socket);
  const mbedtls::TlsParts parts{clock_, library().memory, world_.secrets, rng_};
  const FakeTcp::Peer& peer = secured->peer;
  if (secured->state() == TcpState::securing) secured->serve();
  const DeviceCalls calls(world_);
  if (secured->state() == TcpState::securing) {
    secured->step(parts);
  } else if (secured->state() == TcpState::connecting && peer.state == TcpState::closed) {
    secured->end({TcpFailure::unreachable});
  } else if (secured->state() == TcpState::connecting && peer.state == TcpState::open) {
    secured->connected({peer.host.data(), peer.host.size()}, parts);
  }
  return secured->state();
}

TcpProblem TlsTcp::problem(int socket) const {
  const Tunnel* const secured = tunnel(socket);
  return secured == nullptr ? below_.problem(socket) : secured->problem();
}

TcpFailure TlsTcp::judge_certificate(int socket, int64_t unix_s) const {
  const Tunnel* const secured = tunnel(socket);
  return secured == nullptr ? below_.judge_certificate(socket, unix_s) : secured->judge(unix_s);
}

size_t TlsTcp::send(int socket, Bytes bytes) {
  Tunnel* const secured = tunnel(socket);
  if (secured == nullptr) return below_.send(socket, bytes);
  if (secured->state() != TcpState::open || bytes.empty()) return 0;
  size_t taken = 0;
  {
    const DeviceCalls calls(world_);
    taken = secured->send(bytes);
  }
  secured->serve();
  return taken;
}

size_t TlsTcp::receive(int socket, MutableBytes into) {
  Tunnel* const secured = tunnel(socket);
  if (secured == nullptr) return below_.receive(socket, into);
  if (secured->state() != TcpState::open || into.empty()) return 0;
  secured->serve();
  const DeviceCalls calls(world_);
  return secured->receive(into);
}

void TlsTcp::close(int socket) {
  if (Tunnel* const secured = tunnel(socket); secured != nullptr) {
    CountedMemory& memory = library().memory;
    {
      const DeviceCalls calls(world_);
      secured->send_close_notify();
      secured->end();
      secured->free(memory);
    }
    tunnels_[socket].reset();
    bool is_last = true;
    for (const auto& each : tunnels_) is_last = is_last && each == nullptr;
    if (is_last && memory.blocks != 0) {
      world_.violate("memory-leaks",
                     "blocks left after the end of the last connection: " + std::to_string(memory.blocks));
    }
  }
  below_.close(socket);
}

}  // namespace pb::powercut
