#include "port/posix/posix_tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>
#include <utility>

namespace pb::posix {

namespace {

/// Bytes in a queue of a socket. SIOCOUTQ: all unacknowledged bytes. SIOCOUTQNSD: those of them that are not sent yet.
int queued(int fd, unsigned long queue) {
  int bytes = 0;
  return ioctl(fd, queue, &bytes) == 0 ? bytes : 0;
}

}  // namespace

PosixTcp::Lookup::Lookup() : ended_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

PosixTcp::Lookup::~Lookup() { ::close(ended_fd); }

bool PosixTcp::Lookup::resolve(const std::string& name, uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* result = nullptr;
  if (getaddrinfo(name.c_str(), std::to_string(port).c_str(), &hints, &result) != 0) return false;
  memcpy(&address, result->ai_addr, result->ai_addrlen);
  length = result->ai_addrlen;
  found = true;
  freeaddrinfo(result);
  return true;
}

void PosixTcp::Lookup::end() {
  ended.store(true);
  eventfd_write(ended_fd, 1);
}

PosixTcp::PosixTcp(const Clock& clock, DeviceHeap& heap, PosixNetwork& network, Secrets& secrets, Rng& rng,
                   int listener_fd)
    : heap_(heap), network_(network), tls_{clock, heap, secrets, rng}, listener_fd_(listener_fd) {
  mbedtls::TlsMemory::install(heap);
}

int PosixTcp::Socket::send_bytes(Bytes bytes) {
  const ssize_t sent = ::send(fd, bytes.data, bytes.length, MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<int>(sent);
  return errno == EAGAIN || errno == EINTR ? kLater : kReset;
}

int PosixTcp::Socket::receive_bytes(MutableBytes into) {
  const ssize_t received = recv(fd, into.data, into.length, 0);
  // Acknowledge at once, because in stepped time the bench waits for it. Linux clears the option by itself, so set it
  // at each read.
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
  if (received >= 0) return static_cast<int>(received);
  return errno == EAGAIN || errno == EINTR ? kLater : kReset;
}

void PosixTcp::Socket::hang_up() {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

PosixTcp::~PosixTcp() {
  for (size_t i = 0; i < kSockets; ++i) close(static_cast<int>(i));
}

int PosixTcp::take_socket() {
  int index = 0;
  while (static_cast<size_t>(index) < kSockets && at(index).used) ++index;
  if (static_cast<size_t>(index) == kSockets) return kNoSocket;

  void* control_block = heap_.allocate(kControlBlock);
  void* buffers = heap_.allocate(kBuffers);
  if (control_block == nullptr || buffers == nullptr) {
    heap_.release(control_block);
    heap_.release(buffers);
    return kNoSocket;
  }
  if (const size_t leaked = leak_.load(); leaked != 0) heap_.allocate(leaked);

  Socket& socket = at(index);
  socket = Socket{};
  socket.used = true;
  socket.control_block = control_block;
  socket.buffers = buffers;
  return index;
}

int PosixTcp::open(Text host, uint16_t port, const TcpSecurity& security) {
  const int index = take_socket();
  if (index == kNoSocket) return kNoSocket;
  Socket& socket = at(index);
  socket.begin(security);
  socket.lookup = std::make_shared<Lookup>();
  socket.host.assign(host.data, host.length);
  std::string name = socket.host;
  // An address is known at once; only a name takes time.
  if (socket.lookup->resolve(name, port, AI_NUMERICHOST)) {
    socket.lookup->end();
  } else {
    std::thread([lookup = socket.lookup, name = std::move(name), port] {
      lookup->resolve(name, port, 0);
      lookup->end();
    }).detach();
  }
  return index;
}

bool PosixTcp::listen(uint16_t) {
  is_listening_ = listener_fd_ >= 0;
  wants_connection_ = is_listening_;
  return is_listening_;
}

int PosixTcp::accept_next() {
  if (!is_listening_ || (!network_.link_up() && !network_.is_access_point_open())) return kNoSocket;
  wants_connection_ = true;
  pollfd waiting{listener_fd_, POLLIN, 0};
  if (poll(&waiting, 1, 0) != 1) return kNoSocket;
  const int fd = accept4(listener_fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return kNoSocket;
  const int index = take_socket();
  if (index == kNoSocket) {
    ::close(fd);
    return kNoSocket;
  }
  wants_connection_ = false;
  Socket& socket = at(index);
  socket.is_inbound = true;
  socket.fd = fd;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  socket.begin({});
  socket.connected({}, tls_);
  return index;
}

void PosixTcp::connect(Socket& socket) {
  const std::shared_ptr<Lookup> lookup = std::move(socket.lookup);
  if (!lookup->found) return socket.end({TcpFailure::unreachable});
  socket.fd = ::socket(lookup->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket.fd < 0) return socket.end({TcpFailure::unreachable});
  const int on = 1;
  setsockopt(socket.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto* address = reinterpret_cast<const sockaddr*>(&lookup->address);
  if (::connect(socket.fd, address, lookup->length) != 0 && errno != EINPROGRESS) socket.end({TcpFailure::unreachable});
}

void PosixTcp::advance(Socket& socket) {
  if (socket.state() == TcpState::securing) return socket.step(tls_, network_.link_up());
  if (socket.state() != TcpState::connecting || !network_.link_up()) return;
  if (socket.lookup != nullptr) {
    if (!socket.lookup->ended.load()) return;
    connect(socket);
    if (socket.state() != TcpState::connecting) return;
  }
  pollfd ready{socket.fd, POLLOUT, 0};
  if (poll(&ready, 1, 0) != 1) return;
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(socket.fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0)
    return socket.end({TcpFailure::unreachable});
  socket.connected({socket.host.data(), socket.host.size()}, tls_);
}

Millis PosixTcp::deadline() {
  Millis deadline = kNever;
  if (!network_.link_up()) return deadline;
  for (const Socket& socket : sockets_) deadline = earlier(deadline, socket.next_step());
  return deadline;
}

TcpProblem PosixTcp::problem(int socket) const { return valid(socket) ? at(socket).problem() : TcpProblem{}; }

TcpFailure PosixTcp::judge_certificate(int socket, int64_t unix_s) const {
  return valid(socket) ? at(socket).judge(unix_s) : TcpFailure::none;
}

TcpState PosixTcp::state(int socket) {
  if (!valid(socket)) return TcpState::closed;
  advance(at(socket));
  return at(socket).state();
}

size_t PosixTcp::send(int socket, Bytes bytes) {
  if (state(socket) != TcpState::open || bytes.empty() || !has_way(at(socket))) return 0;
  Socket& sender = at(socket);
  const size_t taken = sender.send(bytes);
  sender.starved = sender.wants_output() || taken < bytes.length;
  return taken;
}

size_t PosixTcp::receive(int socket, MutableBytes into) {
  if (state(socket) != TcpState::open || into.empty() || !has_way(at(socket))) return 0;
  return at(socket).receive(into);
}

bool PosixTcp::delivered(int socket) {
  if (state(socket) != TcpState::open) return true;
  const Socket& sender = at(socket);
  return sender.is_flushed() && queued(sender.fd, SIOCOUTQ) == 0;
}

void PosixTcp::close(int socket) {
  if (!valid(socket)) return;
  Socket& closed = at(socket);
  if (closed.fd >= 0 && network_.link_up()) closed.send_close_notify();
  closed.end();
  closed.free(heap_);
  heap_.release(closed.control_block);
  heap_.release(closed.buffers);
  closed = Socket{};
}

size_t PosixTcp::sockets_in_use() const {
  size_t count = 0;
  for (const Socket& socket : sockets_) count += socket.used ? 1 : 0;
  return count;
}

void PosixTcp::watch(std::vector<pollfd>& descriptors) {
  if (wants_connection_ && is_listening_ && (network_.link_up() || network_.is_access_point_open()))
    descriptors.push_back({listener_fd_, POLLIN, 0});
  for (const Socket& socket : sockets_) {
    if (!has_way(socket)) continue;
    if (socket.lookup != nullptr) descriptors.push_back({socket.lookup->ended_fd, POLLIN, 0});
    if (socket.fd < 0) continue;
    // A connection that cannot send does not read (websocket/connection.cpp), so unread data must not wake the loop.
    const bool is_stuck = socket.state() == TcpState::securing ? socket.wants_output() : socket.starved;
    const bool wants_out = socket.state() == TcpState::connecting || is_stuck;
    descriptors.push_back({socket.fd, static_cast<short>(wants_out ? POLLOUT : POLLIN), 0});
  }
}

void PosixTcp::add_to(UnderWay& under_way) const {
  for (const Socket& socket : sockets_) {
    if (socket.lookup != nullptr && !socket.lookup->ended.load())
      under_way.lookups.push_back({socket.lookup->ended_fd, POLLIN, 0});
    if (socket.fd < 0) continue;
    tcp_info info{};
    socklen_t length = sizeof info;
    if (getsockopt(socket.fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) continue;
    if (info.tcpi_state == TCP_SYN_SENT) ++under_way.connecting;
    // The last bytes of a reset connection are never acknowledged, so do not wait for that.
    const bool alive = info.tcpi_state == TCP_ESTABLISHED || info.tcpi_state == TCP_CLOSE_WAIT;
    if (alive && queued(socket.fd, SIOCOUTQ) > queued(socket.fd, SIOCOUTQNSD)) under_way.unacknowledged = true;
  }
}

}  // namespace pb::posix
