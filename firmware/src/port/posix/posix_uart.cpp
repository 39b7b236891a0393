#include "port/posix/posix_uart.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "port/posix/real_clock.h"

namespace pb::posix {

PosixUart::PosixUart(int fd) : fd_(fd) { fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) | O_NONBLOCK); }

bool PosixUart::write(Bytes bytes) {
  pump();
  if (bytes.length > ring_.free()) {
    dropped_ += static_cast<uint32_t>(bytes.length);
    return false;
  }
  for (const uint8_t byte : bytes) ring_.push(byte);
  pump();
  return true;
}

size_t PosixUart::space() {
  pump();
  return ring_.free();
}

size_t PosixUart::read(MutableBytes into) {
  const ssize_t count = ::read(fd_, into.data, into.length);
  hung_up_ = count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
  read_to_end_ = count <= 0;
  return count > 0 ? static_cast<size_t>(count) : 0;
}

void PosixUart::pump() {
  while (!ring_.empty()) {
    size_t length = 0;
    const uint8_t* bytes = ring_.front_run(length);
    const ssize_t count = ::write(fd_, bytes, length);
    if (count <= 0 && (errno == EAGAIN || errno == EINTR)) return;
    // The other end is closed: drop the output.
    ring_.drop(count > 0 ? static_cast<size_t>(count) : length);
  }
}

void PosixUart::watch(std::vector<pollfd>& descriptors) {
  pump();
  // A caller that has left input unread polls again itself (features/serial_debug), so input must not wake the loop.
  const int events = (read_to_end_ && !hung_up_ ? POLLIN : 0) | (pending() ? POLLOUT : 0);
  read_to_end_ = false;
  if (events != 0) descriptors.push_back({fd_, static_cast<short>(events), 0});
}

void PosixUart::drain(int limit_ms) {
  const int64_t end = monotonic_ns() + int64_t{limit_ms} * 1'000'000;
  for (pump(); pending() && monotonic_ns() < end; pump()) {
    pollfd writable{fd_, POLLOUT, 0};
    poll(&writable, 1, static_cast<int>((end - monotonic_ns()) / 1'000'000) + 1);
  }
}

}  // namespace pb::posix
