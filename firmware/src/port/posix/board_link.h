#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace pb::posix {

/// What the board can tell the device while it runs; docs/virtual-board.md has the messages.
class BoardListener {
 public:
  virtual void on_pin(int pin, bool level) = 0;
  virtual void on_access_point(bool up, uint64_t associate_ms, uint64_t dhcp_ms) = 0;
  virtual void on_erase_time(uint64_t ms) = 0;
  virtual void on_tear(uint64_t operation, const std::string& mode, uint64_t seed) = 0;
  virtual void on_flash_full(bool full) = 0;
  virtual void on_leak(uint64_t bytes) = 0;

 protected:
  ~BoardListener() = default;
};

/// The virtual board's end of the wires: one text message a packet. End of file is power off, and ends the process at
/// once. A message that cannot be understood ends the process too: the two programs do not fit together.
class BoardLink {
 public:
  BoardLink(int fd, BoardListener& listener) : fd_(fd), listener_(listener) {}

  /// Readable when a message has come.
  int fd() const { return fd_; }

  /// Takes messages until `go` has come.
  void wait_for_go();
  /// Takes messages for ever, in a thread of its own, which is also the one that interrupt handlers run in; but for
  /// those that catch_up() takes.
  void start_reader();
  /// Takes, in the calling thread, the messages that have come already. A level on a wire is there at once, so whoever
  /// reads a pin must not see an older one because the reader's thread has not had its turn yet. Any thread; does
  /// nothing in a handler, which runs in the middle of that.
  void catch_up();

  /// An output pin changed at `ns` of bench time. Any thread.
  void send_pin(int pin, bool level, int64_t ns);
  /// Operation `n` was torn. Any thread.
  void send_torn(uint64_t n);

 private:
  /// @return the next message, empty when there is none and `flags` say not to wait
  std::string receive(int flags = 0);
  /// Takes messages until the power is off, in the calling thread.
  [[noreturn]] void serve();
  void handle(const std::string& message);
  void send(const std::string& message);

  int fd_;
  BoardListener& listener_;
  std::mutex taking_;
  std::atomic<std::thread::id> taker_{};  ///< who holds taking_
};

}  // namespace pb::posix
