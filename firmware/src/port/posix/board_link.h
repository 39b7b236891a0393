#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace pb::posix {

struct RadioChange;

/// Receives the messages of the virtual board (docs/virtual-board.md).
class BoardListener {
 public:
  virtual void on_pin(int pin, bool level) = 0;
  virtual void on_access_point(bool up, uint64_t associate_ms, uint64_t dhcp_ms) = 0;
  virtual void on_radio(const RadioChange& change) = 0;
  virtual void on_erase_time(uint64_t ms) = 0;
  virtual void on_tear(uint64_t operation, const std::string& mode, uint64_t seed) = 0;
  virtual void on_flash_full(bool full) = 0;
  virtual void on_leak(uint64_t bytes) = 0;
  virtual void on_sntp(int64_t unix_ms) = 0;

 protected:
  ~BoardListener() = default;
};

/// The device's end of the link to the virtual board: one text message per packet. End of file means power off and ends
/// the process at once. An unknown message does the same, because then the two programs do not match.
class BoardLink {
 public:
  BoardLink(int fd, BoardListener& listener) : fd_(fd), listener_(listener) {}

  /// Readable when a message has arrived.
  int fd() const { return fd_; }

  /// Processes messages up to `go`.
  void wait_for_go();
  /// Starts a thread that processes messages and runs their interrupt handlers. For a message that catch_up()
  /// processes, the caller's thread runs them.
  void start_reader();
  /// Processes the arrived messages in the calling thread. A level that the board has sent applies at once: a pin must
  /// not be read with its old level because the reader thread has not run yet. Any thread. Does nothing if a handler
  /// calls it, because handlers run during this call.
  void catch_up();

  /// Reports a change of an output pin at `ns` of bench time. Any thread.
  void send_pin(int pin, bool level, int64_t ns);
  /// Reports the chip's clock, its radio (`off`, `sleep` or `on`), its sleep, and the level of a brown-out. Any thread.
  void send_power(int cpu_mhz, const char* radio, bool light_sleep, uint32_t brownout_mv);
  /// Asks the time server of that name. Any thread.
  void send_sntp(const std::string& server);
  /// Reports that operation `n` was torn. Any thread.
  void send_torn(uint64_t n);

 private:
  /// @return the next message; empty if there is none and `flags` forbid to wait
  std::string receive(int flags = 0);
  /// Processes messages in the calling thread until the power is off.
  [[noreturn]] void serve();
  void handle(const std::string& message);
  void send(const std::string& message);

  int fd_;
  BoardListener& listener_;
  std::mutex taking_;
  std::atomic<std::thread::id> taker_{};  ///< the thread that holds taking_
};

}  // namespace pb::posix
