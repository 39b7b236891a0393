#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace pb::posix {

/// The device's end of the link on which the bench conducts stepped time (docs/virtual-board.md). End of file is
/// power off, and ends the process at once; so does a message that is not understood. Loop only.
class ClockLink {
 public:
  explicit ClockLink(int fd) : fd_(fd) {}

  int fd() const { return fd_; }
  /// Takes the messages that have come.
  void take();
  /// Number of the latest `ask` taken; 0 before the first.
  uint64_t asked() const { return asked_; }
  /// Reports that the device is idle until `deadline_ns` of bench time (PosixClock::kNeverNs: until there is input).
  /// @param unacknowledged whether bytes were sent that the peer's kernel has not acknowledged yet
  /// @return false when the link has no room for it now
  bool report_idle(int64_t deadline_ns, size_t connecting, bool unacknowledged);

 private:
  void handle(const std::string& message);

  int fd_;
  uint64_t asked_ = 0;
};

}  // namespace pb::posix
