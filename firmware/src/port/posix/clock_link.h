#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace pb::posix {

/// The device's end of the link for stepped time (docs/virtual-board.md). End of file means power off and ends the
/// process at once. An unknown message also ends the process. Loop only.
class ClockLink {
 public:
  explicit ClockLink(int fd) : fd_(fd) {}

  int fd() const { return fd_; }
  /// Processes the arrived messages.
  void take();
  /// The number of the last processed `ask`; 0 before the first.
  uint64_t asked() const { return asked_; }
  /// Reports that the device is idle until `deadline_ns` of bench time (PosixClock::kNeverNs: until there is input).
  /// @param unacknowledged whether sent bytes are not acknowledged by the peer's kernel yet
  /// @return false when the link has no room for the message now
  bool report_idle(int64_t deadline_ns, size_t connecting, bool unacknowledged);

 private:
  void handle(const std::string& message);

  int fd_;
  uint64_t asked_ = 0;
};

}  // namespace pb::posix
