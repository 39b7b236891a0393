#include "port/esp32/esp_tcp.h"

#include <lwip/dns.h>
#include <lwip/ip_addr.h>
#include <stdlib.h>
#include <string.h>

#include <new>

#include "port/esp32/lwip_lock.h"

namespace pb::esp32 {

EspTcp::EspTcp(const Clock& clock, EspWaker& waker, EspHeap& heap, Secrets& secrets, Rng& rng)
    : waker_(waker), tls_{clock, heap, secrets, rng} {
  mbedtls::TlsMemory::install(heap);
}

int EspTcp::open(Text host, uint16_t port, const TcpSecurity& security) {
  const int index = free_socket();
  if (index == kNoSocket || host.length > kLongestName) return kNoSocket;

  const LwipLock lock;
  Lookup* lookup = free_lookup();
  tcp_pcb* pcb = lookup == nullptr ? nullptr : tcp_new_ip_type(IPADDR_TYPE_ANY);
  if (pcb == nullptr) return kNoSocket;
  Socket& socket = *new (&at(index)) Socket;
  socket.used = true;
  socket.begin(security);
  memcpy(socket.host, host.data, host.length);
  Link& link = socket.link;
  link.owner = this;
  link.number = ++last_number_;
  link.used = true;
  link.port = port;
  link.pcb = pcb;
  attach(link);
  if (leak_ != 0) [[maybe_unused]]
    void* const lost = malloc(leak_);

  *lookup = {this, static_cast<size_t>(index), link.number, true};
  ip_addr_t address;
  const err_t found = dns_gethostbyname(socket.host, &address, &on_name, lookup);
  if (found == ERR_INPROGRESS) return index;
  lookup->used = false;
  if (found == ERR_OK) {
    connect(link, address);
  } else {
    link.ended = true;
  }
  return index;
}

bool EspTcp::listen(uint16_t port) {
  const LwipLock lock;
  if (listener_ != nullptr) return true;
  tcp_pcb* bound = tcp_new_ip_type(IPADDR_TYPE_ANY);
  if (bound == nullptr) return false;
  if (tcp_bind(bound, IP_ANY_TYPE, port) != ERR_OK) {
    tcp_abort(bound);
    return false;
  }
  // This call replaces the bound block by a smaller block. If it fails, it returns nullptr and keeps the bound block.
  listener_ = tcp_listen_with_backlog(bound, kWaiting);
  if (listener_ == nullptr) {
    tcp_abort(bound);
    return false;
  }
  tcp_arg(listener_, this);
  tcp_accept(listener_, &on_accepted);
  return true;
}

void EspTcp::stop_listening() {
  const LwipLock lock;
  if (listener_ == nullptr) return;
  tcp_arg(listener_, nullptr);
  tcp_close(listener_);  // this never fails for a listener
  listener_ = nullptr;
  for (Link& link : waiting_) {
    if (link.used) detach(link);
  }
}

int EspTcp::accept_next() {
  const int index = free_socket();
  if (index == kNoSocket) return kNoSocket;
  const LwipLock lock;
  for (Link& waiting : waiting_) {
    if (!waiting.used) continue;
    Socket& socket = *new (&at(index)) Socket;
    socket.used = true;
    socket.begin({});
    socket.link = waiting;
    socket.link.number = ++last_number_;
    if (socket.link.pcb != nullptr) attach(socket.link);
    waiting = Link();
    socket.connected({}, tls_);
    return index;
  }
  return kNoSocket;
}

TcpState EspTcp::state(int socket) {
  if (!valid(socket)) return TcpState::closed;
  advance(at(socket));
  return at(socket).state();
}

TcpProblem EspTcp::problem(int socket) const { return valid(socket) ? at(socket).problem() : TcpProblem{}; }

TcpFailure EspTcp::judge_certificate(int socket, int64_t unix_s) const {
  return valid(socket) ? at(socket).judge(unix_s) : TcpFailure::none;
}

void EspTcp::advance(Socket& socket) {
  if (socket.state() == TcpState::securing) {
    socket.step(tls_);
  } else if (socket.state() == TcpState::connecting) {
    bool is_connected = false;
    bool has_ended = false;
    {
      const LwipLock lock;
      is_connected = socket.link.connected;
      has_ended = socket.link.ended;
    }
    if (is_connected) {
      socket.connected({socket.host, strlen(socket.host)}, tls_);
    } else if (has_ended) {
      socket.end({TcpFailure::unreachable});
    }
  }
  waker_.wake_at(socket.next_step());
}

size_t EspTcp::send(int socket, Bytes bytes) {
  if (state(socket) != TcpState::open || bytes.empty()) return 0;
  return at(socket).send(bytes);
}

size_t EspTcp::receive(int socket, MutableBytes into) {
  if (state(socket) != TcpState::open || into.empty()) return 0;
  return at(socket).receive(into);
}

bool EspTcp::delivered(int socket) {
  if (state(socket) != TcpState::open) return true;
  const Socket& sender = at(socket);
  const LwipLock lock;
  const tcp_pcb* pcb = sender.link.pcb;
  return pcb == nullptr || (sender.is_flushed() && pcb->unsent == nullptr && pcb->unacked == nullptr);
}

void EspTcp::close(int socket) {
  if (!valid(socket)) return;
  Socket& closed = at(socket);
  if (closed.state() != TcpState::closed) closed.send_close_notify();
  closed.end();
  closed.free(tls_.memory);
  closed.used = false;
}

size_t EspTcp::sockets_in_use() const {
  size_t count = 0;
  for (const Socket& socket : sockets_) count += socket.used ? 1 : 0;
  return count;
}

int EspTcp::free_socket() const {
  for (size_t i = 0; i < kSockets; ++i) {
    if (!sockets_[i].used) return static_cast<int>(i);
  }
  return kNoSocket;
}

void EspTcp::attach(Link& link) {
  tcp_arg(link.pcb, &link);
  tcp_err(link.pcb, &on_error);
  tcp_recv(link.pcb, &on_received);
  tcp_sent(link.pcb, &on_sent);
  tcp_nagle_disable(link.pcb);
}

EspTcp::Lookup* EspTcp::free_lookup() {
  for (Lookup& lookup : lookups_) {
    if (!lookup.used) return &lookup;
  }
  return nullptr;
}

void EspTcp::Socket::hang_up() {
  const LwipLock lock;
  detach(link);
}

int EspTcp::Socket::send_bytes(Bytes bytes) {
  const LwipLock lock;
  if (link.pcb == nullptr) return kReset;
  size_t count = bytes.length < tcp_sndbuf(link.pcb) ? bytes.length : tcp_sndbuf(link.pcb);
  // Memory can be short although the window is open: a smaller write may still fit.
  for (; count > 0; count /= 2) {
    const err_t error = tcp_write(link.pcb, bytes.data, static_cast<u16_t>(count), TCP_WRITE_FLAG_COPY);
    if (error == ERR_OK) break;
    if (error != ERR_MEM) return kReset;
  }
  if (count == 0) return kLater;
  tcp_output(link.pcb);
  return static_cast<int>(count);
}

int EspTcp::Socket::receive_bytes(MutableBytes into) {
  const LwipLock lock;
  if (link.received == nullptr) return !link.ended ? kLater : link.reset ? kReset : 0;
  const auto wanted = static_cast<u16_t>(into.length < UINT16_MAX ? into.length : UINT16_MAX);
  const u16_t count = pbuf_copy_partial(link.received, into.data, wanted, 0);
  link.received = pbuf_free_header(link.received, count);
  if (link.pcb != nullptr) tcp_recved(link.pcb, count);
  return count;
}

void EspTcp::connect(Link& link, const ip_addr_t& address) {
  if (tcp_connect(link.pcb, &address, link.port, &on_connected) != ERR_OK) link.ended = true;
}

void EspTcp::detach(Link& link) {
  link.used = false;
  if (link.received != nullptr) pbuf_free(link.received);
  link.received = nullptr;
  tcp_pcb* pcb = link.pcb;
  link.pcb = nullptr;
  if (pcb == nullptr) return;
  tcp_arg(pcb, nullptr);
  tcp_err(pcb, nullptr);
  tcp_recv(pcb, nullptr);
  tcp_sent(pcb, nullptr);
  // If there is no memory for a FIN, send an RST.
  if (tcp_close(pcb) != ERR_OK) tcp_abort(pcb);
}

void EspTcp::on_name(const char*, const ip_addr_t* address, void* argument) {
  auto& lookup = *static_cast<Lookup*>(argument);
  lookup.used = false;
  Link& link = lookup.owner->sockets_[lookup.index].link;
  if (!link.used || link.number != lookup.number) return;
  if (address != nullptr) {
    connect(link, *address);
  } else {
    link.ended = true;
  }
  lookup.owner->waker_.wake();
}

err_t EspTcp::on_accepted(void* argument, tcp_pcb* pcb, err_t error) {
  if (argument == nullptr || pcb == nullptr || error != ERR_OK) return ERR_ARG;
  auto& tcp = *static_cast<EspTcp*>(argument);
  for (Link& link : tcp.waiting_) {
    if (link.used) continue;
    link = Link();
    link.owner = &tcp;
    link.used = true;
    link.connected = true;
    link.pcb = pcb;
    attach(link);
    tcp.waker_.wake();
    return ERR_OK;
  }
  tcp_abort(pcb);
  return ERR_ABRT;
}

err_t EspTcp::on_connected(void* argument, tcp_pcb*, err_t) {
  if (argument == nullptr) return ERR_OK;
  auto& link = *static_cast<Link*>(argument);
  link.connected = true;
  link.owner->waker_.wake();
  return ERR_OK;
}

err_t EspTcp::on_received(void* argument, tcp_pcb* pcb, pbuf* bytes, err_t) {
  if (argument == nullptr) {
    // The socket is closed: drop the bytes.
    if (bytes != nullptr) {
      tcp_recved(pcb, bytes->tot_len);
      pbuf_free(bytes);
    }
    return ERR_OK;
  }
  auto& link = *static_cast<Link*>(argument);
  if (bytes == nullptr) {
    link.ended = true;
  } else if (link.received == nullptr) {
    link.received = bytes;
  } else {
    pbuf_cat(link.received, bytes);
  }
  link.owner->waker_.wake();
  return ERR_OK;
}

err_t EspTcp::on_sent(void* argument, tcp_pcb*, u16_t) {
  if (argument != nullptr) static_cast<Link*>(argument)->owner->waker_.wake();
  return ERR_OK;
}

void EspTcp::on_error(void* argument, err_t) {
  if (argument == nullptr) return;
  // lwIP has freed the control block. Data that the peer sent before can still be read.
  auto& link = *static_cast<Link*>(argument);
  link.pcb = nullptr;
  link.ended = true;
  link.reset = true;
  link.owner->waker_.wake();
}

}  // namespace pb::esp32
