#include "port/posix/clock_link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sstream>

#include "port/posix/posix_clock.h"

namespace pb::posix {

namespace {

constexpr int kExitNotUnderstood = 2;

}  // namespace

void ClockLink::take() {
  for (;;) {
    char bytes[64];
    const ssize_t length = recv(fd_, bytes, sizeof bytes, MSG_DONTWAIT);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0 && errno == EAGAIN) return;
    if (length <= 0) _exit(EXIT_SUCCESS);  // the power is off
    handle({bytes, static_cast<size_t>(length)});
  }
}

void ClockLink::handle(const std::string& message) {
  std::istringstream words(message);
  std::string word;
  words >> word;
  if (word == "wake") return;  // the message only ends the sleep
  if (word == "ask" && words >> asked_) return;
  fprintf(stderr, "plugbench-device: the clock's message '%s' is not understood; see docs/virtual-board.md\n",
          message.c_str());
  _exit(kExitNotUnderstood);
}

bool ClockLink::report_idle(int64_t deadline_ns, size_t connecting, bool unacknowledged) {
  const std::string deadline = deadline_ns == PosixClock::kNeverNs ? "never" : std::to_string(deadline_ns);
  const std::string message = "idle " + std::to_string(asked_) + " " + deadline + " " + std::to_string(connecting) +
                              (unacknowledged ? " unacknowledged" : "");
  ssize_t sent;
  do {
    sent = send(fd_, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0 && errno != EAGAIN) _exit(EXIT_SUCCESS);  // the other end is closed: the power is off
  return sent >= 0;
}

}  // namespace pb::posix
