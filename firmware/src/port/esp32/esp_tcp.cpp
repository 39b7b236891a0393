#include "port/esp32/esp_tcp.h"

#include <lwip/dns.h>
#include <lwip/ip_addr.h>
#include <stdlib.h>
#include <string.h>

#include "port/esp32/lwip_lock.h"

namespace pb::esp32 {

int EspTcp::open(Text host, uint16_t port) {
  char name[kLongestName + 1];
  if (host.length > kLongestName) return kNoSocket;
  memcpy(name, host.data, host.length);
  name[host.length] = '\0';

  const LwipLock lock;
  int index = 0;
  while (static_cast<size_t>(index) < kSockets && at(index).used) ++index;
  Lookup* lookup = free_lookup();
  if (static_cast<size_t>(index) == kSockets || lookup == nullptr) return kNoSocket;
  tcp_pcb* pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);
  if (pcb == nullptr) return kNoSocket;

  Socket& socket = at(index);
  socket = Socket{};
  socket.owner = this;
  socket.used = true;
  socket.number = ++last_number_;
  socket.state = TcpState::connecting;
  socket.port = port;
  socket.pcb = pcb;
  tcp_arg(pcb, &socket);
  tcp_err(pcb, &on_error);
  tcp_recv(pcb, &on_received);
  tcp_sent(pcb, &on_sent);
  tcp_nagle_disable(pcb);
  if (leak_ != 0) [[maybe_unused]]
    void* const lost = malloc(leak_);

  *lookup = {this, static_cast<size_t>(index), socket.number, true};
  ip_addr_t address;
  const err_t found = dns_gethostbyname(name, &address, &on_name, lookup);
  if (found == ERR_INPROGRESS) return index;
  lookup->used = false;
  if (found == ERR_OK) {
    connect(socket, address);
  } else {
    abandon(socket);
  }
  return index;
}

TcpState EspTcp::state(int socket) {
  if (!valid(socket)) return TcpState::closed;
  const LwipLock lock;
  return at(socket).state;
}

size_t EspTcp::send(int socket, Bytes bytes) {
  if (!valid(socket) || bytes.empty()) return 0;
  const LwipLock lock;
  Socket& sender = at(socket);
  if (sender.state != TcpState::open) return 0;
  // Ended, with something left to read: like what was under way, it goes nowhere.
  if (sender.pcb == nullptr) return bytes.length;
  size_t count = bytes.length < tcp_sndbuf(sender.pcb) ? bytes.length : tcp_sndbuf(sender.pcb);
  // Memory may be short where the window is not: a smaller write may still fit.
  for (; count > 0; count /= 2) {
    const err_t error = tcp_write(sender.pcb, bytes.data, static_cast<u16_t>(count), TCP_WRITE_FLAG_COPY);
    if (error == ERR_OK) break;
    if (error != ERR_MEM) return bytes.length;
  }
  if (count > 0) tcp_output(sender.pcb);
  return count;
}

size_t EspTcp::receive(int socket, MutableBytes into) {
  if (!valid(socket) || into.empty()) return 0;
  const LwipLock lock;
  Socket& receiver = at(socket);
  if (receiver.state != TcpState::open) return 0;
  if (receiver.received == nullptr) {
    if (receiver.peer_has_ended) abandon(receiver);
    return 0;
  }
  const auto wanted = static_cast<u16_t>(into.length < UINT16_MAX ? into.length : UINT16_MAX);
  const u16_t count = pbuf_copy_partial(receiver.received, into.data, wanted, 0);
  receiver.received = pbuf_free_header(receiver.received, count);
  if (receiver.pcb != nullptr) tcp_recved(receiver.pcb, count);
  return count;
}

bool EspTcp::delivered(int socket) {
  if (!valid(socket)) return true;
  const LwipLock lock;
  const tcp_pcb* pcb = at(socket).pcb;
  return pcb == nullptr || (pcb->unsent == nullptr && pcb->unacked == nullptr);
}

void EspTcp::close(int socket) {
  if (!valid(socket)) return;
  const LwipLock lock;
  Socket& closed = at(socket);
  drop_received(closed);
  if (tcp_pcb* pcb = closed.pcb; pcb != nullptr) {
    tcp_arg(pcb, nullptr);
    tcp_err(pcb, nullptr);
    tcp_recv(pcb, nullptr);
    tcp_sent(pcb, nullptr);
    // Without memory for a FIN there is only the RST.
    if (tcp_close(pcb) != ERR_OK) tcp_abort(pcb);
  }
  closed = Socket{};
}

size_t EspTcp::sockets_in_use() const {
  size_t count = 0;
  for (const Socket& socket : sockets_) count += socket.used ? 1 : 0;
  return count;
}

EspTcp::Lookup* EspTcp::free_lookup() {
  for (Lookup& lookup : lookups_) {
    if (!lookup.used) return &lookup;
  }
  return nullptr;
}

void EspTcp::connect(Socket& socket, const ip_addr_t& address) {
  if (tcp_connect(socket.pcb, &address, socket.port, &on_connected) != ERR_OK) abandon(socket);
}

void EspTcp::abandon(Socket& socket) {
  socket.state = TcpState::closed;
  drop_received(socket);
  tcp_pcb* pcb = socket.pcb;
  socket.pcb = nullptr;
  if (pcb == nullptr) return;
  tcp_arg(pcb, nullptr);
  tcp_err(pcb, nullptr);
  tcp_recv(pcb, nullptr);
  tcp_sent(pcb, nullptr);
  if (tcp_close(pcb) != ERR_OK) tcp_abort(pcb);
}

void EspTcp::drop_received(Socket& socket) {
  if (socket.received != nullptr) pbuf_free(socket.received);
  socket.received = nullptr;
}

void EspTcp::on_name(const char*, const ip_addr_t* address, void* argument) {
  auto& lookup = *static_cast<Lookup*>(argument);
  lookup.used = false;
  Socket& socket = lookup.owner->sockets_[lookup.index];
  if (!socket.used || socket.number != lookup.number || socket.pcb == nullptr) return;
  if (address != nullptr) {
    lookup.owner->connect(socket, *address);
  } else {
    abandon(socket);
  }
  lookup.owner->waker_.wake();
}

err_t EspTcp::on_connected(void* argument, tcp_pcb*, err_t) {
  auto& socket = *static_cast<Socket*>(argument);
  socket.state = TcpState::open;
  socket.owner->waker_.wake();
  return ERR_OK;
}

err_t EspTcp::on_received(void* argument, tcp_pcb* pcb, pbuf* bytes, err_t) {
  if (argument == nullptr) {
    // Closed by us: nobody reads this.
    if (bytes != nullptr) {
      tcp_recved(pcb, bytes->tot_len);
      pbuf_free(bytes);
    }
    return ERR_OK;
  }
  auto& socket = *static_cast<Socket*>(argument);
  if (bytes == nullptr) {
    socket.peer_has_ended = true;
  } else if (socket.received == nullptr) {
    socket.received = bytes;
  } else {
    pbuf_cat(socket.received, bytes);
  }
  socket.owner->waker_.wake();
  return ERR_OK;
}

err_t EspTcp::on_sent(void* argument, tcp_pcb*, u16_t) {
  if (argument != nullptr) static_cast<Socket*>(argument)->owner->waker_.wake();
  return ERR_OK;
}

void EspTcp::on_error(void* argument, err_t) {
  // lwIP has freed the control block.
  if (argument == nullptr) return;
  auto& socket = *static_cast<Socket*>(argument);
  socket.pcb = nullptr;
  socket.peer_has_ended = true;
  // What the peer sent before can still be read; receive() finds the end behind it.
  if (socket.state == TcpState::connecting || socket.received == nullptr) socket.state = TcpState::closed;
  socket.owner->waker_.wake();
}

}  // namespace pb::esp32
