#pragma once

#include "core/span.h"
#include "core/text.h"

namespace pb {

enum class TcpState : uint8_t { connecting, open, closed };

/// TCP without blocking: names are resolved and connections made by a worker.
class Tcp {
 public:
  static constexpr int kNoSocket = -1;

  /// Starts to connect. @return a socket, or kNoSocket when all sockets or their memory are in use.
  virtual int open(Text host, uint16_t port) = 0;
  /// closed: refused, reset, ended by the peer with everything read, or no route.
  virtual TcpState state(int socket) = 0;
  /// @return bytes taken, 0 to bytes.length. 0 means later. A connection that has ended takes all of them to nowhere,
  /// like those that were under way: receive() finds the end, after what the peer sent before it.
  virtual size_t send(int socket, Bytes bytes) = 0;
  /// @return bytes put into `into`, 0 when there are none now.
  virtual size_t receive(int socket, MutableBytes into) = 0;
  /// Whether the peer has acknowledged all that send() has taken; true for a connection that has ended. Nothing wakes
  /// the loop when it becomes so.
  virtual bool delivered(int socket) = 0;
  /// Gives the socket back. Never fails; kNoSocket is allowed.
  virtual void close(int socket) = 0;
  /// Sockets between open and close now, for the telemetry.
  virtual size_t sockets_in_use() const = 0;

 protected:
  ~Tcp() = default;
};

}  // namespace pb
