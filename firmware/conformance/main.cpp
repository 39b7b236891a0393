// The device's WebSocket client as an echo client, for a server of conformance cases (README.md).

#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <random>
#include <string>

#include "features/websocket/protocol.h"

namespace pb {
namespace {

constexpr Text kSubprotocol = "ocpp1.6";
/// RFC 6455 section 7.4.1: the message is too big to process.
constexpr uint16_t kTooBig = 1009;

[[noreturn]] void refuse(const std::string& reason) {
  fprintf(stderr, "websocket-echo: %s\n", reason.c_str());
  exit(2);
}

Millis now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<Millis>(time.tv_sec) * 1000 + static_cast<Millis>(time.tv_nsec) / 1'000'000;
}

class SeededRng final : public Rng {
 public:
  uint32_t next() override { return static_cast<uint32_t>(engine_()); }

 private:
  std::mt19937 engine_{1};
};

/// The server of the cases selects no subprotocol, and a client of OCPP-J goes on only with one (OCPP-J 1.6 section
/// 3.1.2). This adds the header that a CSMS would send, before the empty line that ends the answer.
class SubprotocolHeader {
 public:
  std::string add_to(const std::string& bytes) {
    if (done_) return bytes;
    head_ += bytes;
    const size_t end = head_.find("\r\n\r\n");
    if (end == std::string::npos) return "";
    done_ = true;
    return head_.insert(end, "\r\nSec-WebSocket-Protocol: " + std::string(kSubprotocol.data, kSubprotocol.length));
  }

 private:
  std::string head_;
  bool done_ = false;
};

int connect_to(const char* host, const char* port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host, port, &hints, &found) != 0) refuse(std::string("unknown host ") + host);
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
    refuse(std::string("cannot connect to ") + host + ":" + port);
  }
  freeaddrinfo(found);
  return fd;
}

/// One connection: echoes every message until it is closed.
class Echo {
 public:
  Echo(const char* host, const char* port, std::string path)
      : path_(std::move(path)), host_(std::string(host) + ":" + port), fd_(connect_to(host, port)) {}
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;
  ~Echo() { close(fd_); }

  /// @return the last text message.
  std::string run() {
    WsLimits limits;
    limits.ping_interval = 0;  // a ping of ours would be an event that no case expects
    const WsRequest request{{host_.data(), host_.size()}, {path_.data(), path_.size()}, kSubprotocol, {}};
    if (!protocol_.begin(request, limits, now())) refuse("the path of a case is too long");
    while (true) {
      flush();
      if (protocol_.state() == WsProtocol::State::closed) return last_;
      const Millis deadline = protocol_.deadline();
      pollfd readable{fd_, POLLIN, 0};
      const int limit = deadline == kNever ? -1 : static_cast<int>(deadline - earlier(deadline, now()));
      if (::poll(&readable, 1, limit) == 0) {
        protocol_.poll(now());
        continue;
      }
      char chunk[4096];
      const ssize_t length = recv(fd_, chunk, sizeof chunk, 0);
      if (length <= 0) return last_;
      take(header_.add_to({chunk, static_cast<size_t>(length)}));
    }
  }

 private:
  void take(const std::string& bytes) {
    Bytes left{reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
    while (!left.empty()) {
      WsProtocol::Event event = WsProtocol::Event::none;
      left = left.after(protocol_.receive(left, now(), event));
      if (event == WsProtocol::Event::message) answer();
      flush();
    }
  }

  void answer() {
    const Bytes message = protocol_.message();
    if (protocol_.message_is_cut() || message.length > WsProtocol::kMaxSentMessage) {
      protocol_.close(kTooBig, "message too big", now());
    } else if (protocol_.message_is_text()) {
      last_.assign(reinterpret_cast<const char*>(message.data), message.length);
      if (!protocol_.send_text({last_.data(), last_.size()})) refuse("an answer does not fit into the output");
    } else {
      send_binary(message);
    }
  }

  /// The device sends no binary message, so the frame is made here, with the device's functions.
  void send_binary(Bytes message) {
    flush();
    const uint32_t word = rng_.next();
    WsMask mask;
    memcpy(mask, &word, sizeof mask);
    uint8_t header[kMaxFrameHeader];
    const size_t length = write_frame_header(WsOpcode::binary, message.length, mask, header);
    // In one segment: the second of two would wait for the acknowledgement of the first (Nagle).
    std::string frame(reinterpret_cast<const char*>(header), length);
    frame.append(reinterpret_cast<const char*>(message.data), message.length);
    apply_mask({reinterpret_cast<uint8_t*>(frame.data()) + length, message.length}, mask);
    send_all({reinterpret_cast<const uint8_t*>(frame.data()), frame.size()});
  }

  void flush() {
    const Bytes output = protocol_.output();
    send_all(output);
    protocol_.output_sent(output.length);
  }

  void send_all(Bytes bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_, bytes.data, bytes.length, MSG_NOSIGNAL);
      if (sent <= 0) return;  // recv() finds the end of the connection
      bytes = bytes.after(static_cast<size_t>(sent));
    }
  }

  std::string path_;
  std::string host_;
  int fd_;
  SeededRng rng_;
  WsProtocol protocol_{rng_};
  SubprotocolHeader header_;
  std::string last_;
};

int run(const char* host, const char* port) {
  const std::string count = Echo(host, port, "/getCaseCount").run();
  const int cases = atoi(count.c_str());
  if (cases <= 0) refuse("the server has no cases: its count is '" + count + "'");
  for (int number = 1; number <= cases; ++number) {
    Echo(host, port, "/runCase?case=" + std::to_string(number) + "&agent=plugbench").run();
  }
  Echo(host, port, "/updateReports?agent=plugbench").run();
  return 0;
}

}  // namespace
}  // namespace pb

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: websocket-echo HOST PORT\n");
    return 2;
  }
  return pb::run(argv[1], argv[2]);
}
